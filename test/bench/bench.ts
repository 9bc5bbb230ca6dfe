import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type Case, cases, life, width } from './cases.ts';
import { benchKilled, benchLarge } from './endurance.ts';
import { startFeishu } from './feishu.ts';
import { benchFloor } from './floor.ts';
import { benchJournal } from './journal.ts';
import type { Measured } from './judge.ts';
import { benchKnown, knownCases } from './known.ts';
import { inFolder } from './program.ts';
import { mysqlShop, sqliteShop } from './shop.ts';
import { heading, legend, lineOf } from './show.ts';
import { benchStore } from './store.ts';
import { benchWebhook } from './webhook.ts';
import { benchWide } from './wide.ts';

/** What is measured with lines of its own. */
const others = [...knownCases, 'wide', 'webhook', 'large', 'killed', 'journal', 'floor', 'store'] as const;

const usage = `npm run bench -- [options]
  --rows 1000,20000,100000   sizes of the first four cases; the first of them is that of the wide one (else 20000)
  --only first,same,…        of: ${[...cases, ...others].join(', ')}
  --source sqlite            an SQLite shop instead of a MySQL server
  --json                     figures as one JSON array
  --no-build                 measures dist/ as it is
`;

/** Measures the built program against the local Feishu. Shows figures and judges nothing: it always ends with 0. */
async function bench(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string' },
      only: { type: 'string', default: [...cases, ...others].join(',') },
      source: { type: 'string', default: 'mysql' },
      json: { type: 'boolean', default: false },
      'no-build': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (values.help) return say(usage);
  const print = (line: string): void => void process.stdout.write(`${line}\n`);
  const wanted = new Set(values.only.split(','));
  const runs: Measured[] = [];
  const plain = (line: string): void => (values.json ? undefined : print(line));
  if ([...cases, ...others].some((one) => one !== 'store' && wanted.has(one))) {
    if (!values['no-build']) build();
    plain(heading());
    await withParts(
      values.source,
      say,
      wanted,
      (values.rows ?? '1000,20000,100000').split(',').map(Number),
      Number(values.rows?.split(',')[0] ?? 20_000),
      (run) => {
        runs.push(run);
        plain(lineOf(run));
      },
      plain,
    );
    print(values.json ? JSON.stringify(runs) : legend);
  }
  if (wanted.has('store') && !values.json) await benchStore(print);
}

async function withParts(
  source: string,
  say: (line: string) => void,
  wanted: ReadonlySet<string>,
  sizes: readonly number[],
  wideRows: number,
  show: (run: Measured) => void,
  print: (line: string) => void,
): Promise<void> {
  const feishu = startFeishu();
  try {
    const app = await feishu.ask({ kind: 'app' });
    await inFolder(async (folder) => {
      const shop = source === 'sqlite' ? await sqliteShop(folder) : await mysqlShop(say);
      try {
        const parts = { feishu, app, shop, say, print };
        const bench = { ...parts, wanted: wanted as ReadonlySet<Case>, show };
        for (const rows of sizes) await life(bench, rows);
        await width(bench, 'strict', 20_000);
        await width(bench, 'lenient', 20_000);
        await benchKnown({ ...parts, wanted, show });
        if (wanted.has('wide')) await benchWide(parts, wideRows);
        if (wanted.has('large')) await benchLarge(parts);
        if (wanted.has('killed')) await benchKilled(parts);
        if (wanted.has('journal')) await benchJournal(parts);
        if (wanted.has('floor')) await benchFloor(parts);
        if (wanted.has('webhook')) await benchWebhook(parts);
      } finally {
        await shop.close();
      }
    });
  } finally {
    await feishu.stop();
  }
}

function build(): void {
  const script = fileURLToPath(new URL('../../scripts/build.mjs', import.meta.url));
  if (spawnSync(process.execPath, [script], { stdio: 'inherit' }).status !== 0)
    throw new Error('the build failed');
}

await bench();
