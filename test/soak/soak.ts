/**
 * Plays random scenarios for as long as asked, one after the other, and tells which seeds came out wrong.
 *
 *   npm run soak -- --minutes 60                     a new seed each time
 *   npm run soak -- --seed 4711                      one scenario again, with its whole story
 *   npm run soak -- --minutes 5 --from 1 --instances 2 --mysql --real
 */
import { parseArgs } from 'node:util';
import { startMysql } from '../support/mysql-server.ts';
import { play } from './play.ts';
import { newScenario, type Setting } from './scenario.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    seed: { type: 'string' },
    from: { type: 'string' },
    instances: { type: 'string' },
    mysql: { type: 'boolean' },
    real: { type: 'boolean' },
    quick: { type: 'boolean' },
  },
});

const wish: Partial<Setting> = {
  ...(values.instances === undefined ? {} : { two: values.instances === '2' }),
  ...(values.mysql ? { mysql: true } : {}),
  ...(values.real ? { kind: 'real' } : values.quick ? { kind: 'quick' } : {}),
};
const flags = [
  values.instances === undefined ? '' : ` --instances ${values.instances}`,
  values.mysql ? ' --mysql' : '',
  values.real ? ' --real' : '',
  values.quick ? ' --quick' : '',
].join('');

const server = await startMysql((line) => console.error(line));
const failing: number[] = [];
try {
  if (values.seed !== undefined) await one(Number(values.seed), true);
  else await many();
} finally {
  await server.stop();
}
process.exit(failing.length === 0 ? 0 : 1);

async function many(): Promise<void> {
  const began = performance.now();
  const minutes = (): number => (performance.now() - began) / 60_000;
  let seed = values.from === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(values.from);
  let done = 0;
  let told = 0;
  for (; minutes() < Number(values.minutes); seed++) {
    await one(seed, false);
    done++;
    if (minutes() < told + 1) continue;
    told = Math.floor(minutes());
    console.log(
      `${told} min: ${done} scenarios, ${(done / minutes()).toFixed(1)} a minute, ${failing.length} wrong`,
    );
  }
  console.log(
    `${done} scenarios in ${minutes().toFixed(1)} min, ${failing.length} wrong${failing.length > 0 ? ':' : ''}`,
  );
  for (const each of failing) console.log(`  npm run soak -- --seed ${each}${flags}`);
}

async function one(seed: number, aloud: boolean): Promise<void> {
  const scenario = newScenario(seed, wish);
  if (aloud) console.log(JSON.stringify(scenario));
  const { wrong, story } = await play(scenario, server.url).catch((error: unknown) => ({
    wrong: [`the harness failed: ${error instanceof Error ? error.stack : String(error)}`],
    story: [],
  }));
  if (wrong.length > 0) failing.push(seed);
  if (wrong.length === 0 && !aloud) return;
  console.log(`${wrong.length > 0 ? 'WRONG' : 'right'} npm run soak -- --seed ${seed}${flags}`);
  for (const line of story) console.log(`   ${line}`);
  for (const line of wrong.slice(0, 20)) console.log(`  ✗ ${line}`);
}
