import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bodyOf, chunkOf, entriesOf, knownOf, outcomeOf, parts, runOf, scopeOf } from './samples.ts';

/** A process of its own that uses the compiled store: `write URL RUN` until it is killed, or `claim URL OWNER` once. */
const [dist = '', job, url = '', name = ''] = process.argv.slice(2);
const { openStore } = (await import(
  pathToFileURL(join(dist, 'store/open.js')).href
)) as typeof import('../../src/store/open.ts');
const say = (line: string): boolean => process.stdout.write(`${line}\n`);

async function write(): Promise<void> {
  const scope = scopeOf(name);
  say('opening');
  const { journal, leases, known } = await openStore(url, parts);
  const claim = await leases.claim(scope.table, name, name);
  if (claim.kind !== 'claimed') throw new Error('the lease is free');
  await journal.createRun(runOf(name, {}, scope));
  for (let seq = 1; ; seq++) {
    const id = `C${seq}`;
    say('adding');
    await journal.addChunks(name, [chunkOf(id, seq, bodyOf(name, id))]);
    say('sending');
    await journal.sending({ run: name, chunk: id, token: `token-${id}`, at: 1, fence: claim.lease.fence });
    say('settling');
    const outcome = outcomeOf({ wrote: entriesOf(name, id) });
    await journal.settle({ run: name, scope, chunk: id, outcome, fence: claim.lease.fence });
    say(`settled ${id}`);
    await known.keep(scope, knownOf(id, 10_500), claim.lease.fence);
    say(`kept ${id}`);
  }
}

async function claim(): Promise<void> {
  const store = await openStore(url, parts);
  say('ready');
  process.stdin.once('data', () => {
    void store.leases.claim('b/contested', name, name).then(async (answer) => {
      await store.stop();
      say(JSON.stringify(answer));
      process.stdin.destroy();
    });
  });
}

await (job === 'write' ? write() : claim());
