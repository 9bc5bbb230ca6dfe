/** The command `bitable-playground`: one base, one person and one group on a local Feishu, until Ctrl-C. */
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startPlayground } from './index.ts';
import type { Happening } from './world.ts';

const help = `A local Feishu for bots: Bitable, chats, cards, events and faults, in memory.

Usage: bitable-playground [options]

  --port <n>                     port on 127.0.0.1 (default: 4300; 0: any free one)
  --app-id <id>                  the app's id, cli_ and 16 hex digits (default: random)
  --app-secret <secret>          the app's secret (default: random)
  --latency <ms>                 what each call takes longer (default: 0)
  --lark                         take 500 records a call, as Lark does
  --webhook <url>                send events there instead of over the long connection; needs the next two
  --encrypt-key <key>
  --verification-token <token>
  --quiet                        do not print calls
  --version, --help
`;

function read(args: readonly string[]) {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string', default: '4300' },
      'app-id': { type: 'string' },
      'app-secret': { type: 'string' },
      latency: { type: 'string', default: '0' },
      lark: { type: 'boolean', default: false },
      webhook: { type: 'string' },
      'encrypt-key': { type: 'string' },
      'verification-token': { type: 'string' },
      quiet: { type: 'boolean', default: false },
      version: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values;
}

type Options = ReturnType<typeof read>;

/** Reads a whole number of an option. Throws for anything else. */
function whole(values: Options, option: 'port' | 'latency', most: number): number {
  const number = Number(values[option]);
  if (!/^\d+$/.test(values[option]) || number > most)
    throw new Error(`--${option} takes a whole number from 0 to ${most}.`);
  return number;
}

/** A call or a path that is not played, as a line; nothing for what else happens. */
function line(happening: Happening): string | undefined {
  if (happening.kind === 'unknown') return `not played: ${happening.method} ${happening.path}`;
  if (happening.kind !== 'call' || happening.call.route === 'unknown') return undefined;
  const { method, path, status, code, ms } = happening.call;
  return `${method} ${path} → ${status} code ${code}, ${Math.round(ms)} ms`;
}

async function serve(values: Options): Promise<void> {
  const { 'app-id': appId, 'app-secret': appSecret, webhook } = values;
  if (appId !== undefined && !/^cli_[0-9a-f]{16}$/.test(appId))
    throw new Error('--app-id takes cli_ and 16 hex digits: the SDK opens no long connection for others.');
  const playground = await startPlayground({
    port: whole(values, 'port', 65_535),
    latency: whole(values, 'latency', 60_000),
    profile: values.lark ? 'lark' : 'feishu',
    ...(appId !== undefined && { appId }),
    ...(appSecret !== undefined && { appSecret }),
  });
  const stop = (): void => void playground.stop();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
  const person = playground.person('Ada');
  playground.chat({ kind: 'p2p', members: [person] });
  playground.chat({ kind: 'group', name: 'Group', members: [person, playground.person('Bob')] });
  const fields = [
    { name: 'Name', type: 'Text' },
    { name: 'Amount', type: 'Number' },
    { name: 'Paid at', type: 'DateTime' },
    { name: 'State', type: 'SingleSelect', options: ['open', 'done'] },
  ] as const;
  const base = playground.base({ name: 'Base', tables: [{ name: 'Table', fields }] });
  const page = playground.openPage({ cast: [{ person }] });
  console.log(`Address     ${playground.url}   (the SDK's domain)
App ID      ${playground.appId}
App Secret  ${playground.appSecret}
Table       ${base.table().url}
Page        ${page.url}   (chat, table, calls, faults; Ctrl-C ends everything)`);
  if (!values.quiet)
    playground.watch((happening) => {
      const words = line(happening);
      if (words) console.log(words);
    });
  if (webhook === undefined) return;
  const { 'encrypt-key': encryptKey, 'verification-token': verificationToken } = values;
  try {
    if (encryptKey === undefined || verificationToken === undefined)
      throw new Error('--webhook needs --encrypt-key and --verification-token.');
    await playground.subscribe({ url: webhook, encryptKey, verificationToken });
  } catch (error) {
    stop();
    throw error;
  }
}

try {
  const values = read(process.argv.slice(2));
  if (values.help) console.log(help);
  else if (values.version) {
    const { version }: { version?: unknown } = JSON.parse(
      readFileSync(new URL('../package.json', import.meta.url), 'utf8'),
    );
    console.log(version);
  } else await serve(values);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
