import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
/** The TypeScript of a folder below `src` or beside it, by its path from `src`. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(join(src, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => join(folder, file))
    .sort();
const files = filesIn('.');
const playground = '../playground';
const simulated = [...filesIn(`${playground}/src`), ...filesIn(`${playground}/test`)];

/** What the files of a folder may import; a file at the top stands for itself. */
interface Rule {
  /** Folders or single files of ours, with everything in them. */
  readonly ours: readonly string[];
  /** The same, with `import type` only. */
  readonly types?: readonly string[];
  /** The same, with `import()` only: loaded when needed. */
  readonly later?: readonly string[];
  /** npm packages and single modules of Node, for all files or for those whose path begins so. */
  readonly packages?: readonly (string | readonly [name: string, beginning: string])[];
  /** Whether Node's own modules may be used. */
  readonly node: boolean;
}

const ports = ['run/ports.ts', 'bot/ports.ts'];
const config = ['config.ts', 'env-file.ts', 'setting-values.ts', 'settings.ts'];

/** Arrows point to `sync`; nobody imports an adapter but `app`; only the demo imports the playground, by its name. */
const rules: Readonly<Record<string, Rule>> = {
  // Its rooms, each above those that it builds on.
  'sync/words': { ours: ['sync/words'], node: false },
  'sync/definition': {
    ours: ['sync/definition', 'sync/words'],
    packages: ['zod'],
    node: false,
  },
  'sync/fields': { ours: ['sync/fields', 'sync/definition', 'sync/words'], node: false },
  'sync/state': {
    ours: ['sync/state', 'sync/fields', 'sync/definition', 'sync/words'],
    packages: ['zod'],
    node: false,
  },
  sync: {
    ours: ['sync'],
    // Hashing is a pure function.
    packages: [
      ['zod', 'sync/plan/change'],
      ['node:crypto', 'sync/plan/known.ts'],
    ],
    node: false,
  },
  cards: { ours: ['cards', 'sync'], node: false },
  run: { ours: ['run', 'sync'], packages: ['p-limit', ['zod', 'run/plan.ts']], node: true },
  bot: { ours: ['bot', 'run', 'cards', 'sync'], packages: ['node-cron'], node: true },
  feishu: { ours: ['feishu', 'sync', ...ports], packages: ['@larksuiteoapi/node-sdk', 'koa'], node: true },
  source: {
    ours: ['source', 'sync', ...ports],
    packages: ['mysql2', '@photostructure/sqlite', 'p-limit'],
    node: true,
  },
  store: {
    ours: ['store', 'sync', ...ports],
    packages: ['@photostructure/sqlite', 'kysely', 'mysql2', 'zod'],
    node: true,
  },
  definitions: { ours: ['definitions', 'sync', ...ports], packages: ['node-cron', 'yaml'], node: true },
  // A package of its own, which knows nothing of the program.
  [`${playground}/src`]: {
    ours: [`${playground}/src`],
    packages: ['protobufjs', 'ws', ['esbuild', `${playground}/src/view/assets.ts`]],
    node: true,
  },
  // Runs in the browser.
  [`${playground}/src/page`]: { ours: [`${playground}/src/page`], node: false },
  [`${playground}/test`]: {
    ours: [`${playground}/src`, `${playground}/test`],
    packages: ['@larksuiteoapi/node-sdk', 'fast-check', 'vitest', 'ws'],
    node: true,
  },
  demo: {
    ours: ['demo', 'sync', 'cards', 'app.ts', 'bot/commands', ...config],
    types: ['run', 'bot', 'cli/command.ts', 'cli/terminal.ts'],
    packages: ['@photostructure/sqlite', 'bitable-playground', 'mysql2'],
    node: true,
  },
  cli: {
    ours: ['cli', 'sync', ...config],
    types: ['run', 'bot', 'check', 'feishu/app/setup.ts', 'app.ts', 'local.ts', 'log.ts'],
    packages: ['commander'],
    node: true,
  },
  'setting-values.ts': { ours: ['sync'], node: true },
  'settings.ts': { ours: ['sync', 'setting-values.ts'], node: false },
  'config.ts': { ours: ['sync', ...config], node: true },
  'env-file.ts': { ours: ['sync', ...config], node: true },
  'log.ts': { ours: ['sync'], types: [...ports, ...config], packages: ['pino'], node: true },
  'process.ts': { ours: ['run'], types: ['bot', 'sync'], node: true },
  check: {
    ours: ['check', 'sync', 'run', 'bot', 'feishu', 'process.ts'],
    types: config,
    node: false,
  },
  'app.ts': {
    ours: [
      'sync',
      'run',
      'cards',
      'bot',
      'feishu',
      'source',
      'store',
      'definitions',
      'check',
      'serve.ts',
      'process.ts',
      ...config,
    ],
    node: true,
  },
  'serve.ts': {
    ours: ['sync', 'run', 'bot', 'feishu', 'source', 'store', 'process.ts'],
    types: config,
    node: false,
  },
  'local.ts': {
    ours: ['sync', 'run', 'bot', 'store', 'definitions', ...config],
    types: ['process.ts'],
    node: false,
  },
  'main.ts': {
    ours: ['cli', 'process.ts'],
    later: ['log.ts', 'app.ts', 'local.ts'],
    node: true,
  },
};

interface Import {
  readonly how: 'value' | 'type' | 'later';
  readonly target: string;
}

function importsOf(file: string): readonly Import[] {
  const code = readFileSync(join(src, file), 'utf8');
  const found = [
    ...code.matchAll(/^(?:import|export)\s+(type\s)?[^'";]*?\bfrom\s+'([^']+)'/gm),
    ...code.matchAll(/^import\s+()'([^']+)'/gm),
  ].map(([, type, target = '']): Import => ({ how: type ? 'type' : 'value', target }));
  const later = [...code.matchAll(/\bimport\(\s*'([^']+)'/g)].map(
    ([, target = '']): Import => ({ how: 'later', target }),
  );
  return [...found, ...later];
}

/** The package that an import belongs to: `@scope/name` or `name`, without a path inside it. */
const packageOf = (target: string): string =>
  target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');

/** The folder that a file belongs to, or itself at the top. */
const partOf = (file: string): string => file.split('/')[0] ?? file;

/** The rule for a file: that of the nearest folder that has one. */
function ruleOf(file: string): Rule | undefined {
  const parts = file.split('/');
  const folders = parts.map((_, at) => parts.slice(0, parts.length - at).join('/'));
  return folders.map((folder) => rules[folder]).find((rule) => rule !== undefined);
}

function allowed(file: string, { how, target }: Import): boolean {
  const rule = ruleOf(file);
  if (!rule) return false;
  if (target.startsWith('node:') && rule.node) return true;
  if (!target.startsWith('.')) {
    const wanted = packageOf(target);
    return (rule.packages ?? []).some((one) =>
      typeof one === 'string' ? one === wanted : one[0] === wanted && file.startsWith(one[1]),
    );
  }
  const path = relative(src, resolve(src, dirname(file), target));
  const within = (list: readonly string[] = []): boolean =>
    list.some((one) => path === one || path.startsWith(`${one}/`));
  return (
    within(rule.ours) || (how === 'type' && within(rule.types)) || (how === 'later' && within(rule.later))
  );
}

it('finds the sources', () => {
  expect(files.length).toBeGreaterThan(50);
  expect(simulated.length).toBeGreaterThan(50);
});

it('has a rule for each folder', () => {
  expect([...new Set(files.map(partOf))].filter((part) => !rules[part])).toEqual([]);
});

describe('every file imports only what its place allows', () => {
  it.each([...files, ...simulated])('%s', (file) => {
    expect(importsOf(file).filter((one) => !allowed(file, one))).toEqual([]);
  });
});

it('has no circle of files, types counted', () => {
  const targets = new Map(
    files.map((file) => [
      file,
      importsOf(file).flatMap(({ how, target }) =>
        how !== 'later' && target.startsWith('.') ? [relative(src, resolve(src, dirname(file), target))] : [],
      ),
    ]),
  );
  const done = new Set<string>();
  const circles: string[] = [];
  const walk = (file: string, way: readonly string[]): void => {
    if (way.includes(file)) circles.push([...way.slice(way.indexOf(file)), file].join(' → '));
    if (way.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) walk(target, [...way, file]);
    done.add(file);
  };
  for (const file of files) walk(file, []);
  expect(circles).toEqual([]);
});

describe('rules and cards have no clock, no chance and no surroundings', () => {
  const impure =
    /\b(?:Date\.now\(|new Date\(\)|performance\.|setTimeout\(|setInterval\(|setImmediate\(|randomUUID|Math\.random|process\.|console\.|fetch\()/;
  it.each(files.filter((file) => ['sync', 'cards'].includes(partOf(file))))('%s', (file) => {
    const code = readFileSync(join(src, file), 'utf8').split('\n');
    const lines = code.filter((line) => !/^\s*(?:\/\/|\/?\*)/.test(line) && impure.test(line));
    expect(lines).toEqual([]);
  });
});

it('keeps no state in modules', () => {
  const withState = [...files, ...simulated].filter((file) =>
    /^(?:export )?(?:let|var) /m.test(readFileSync(join(src, file), 'utf8')),
  );
  expect(withState).toEqual([]);
});

describe('the rule itself', () => {
  it.each([
    ['sync/plan/diff.ts', 'value', 'node:fs'],
    ['sync/plan/diff.ts', 'value', 'node:crypto'],
    ['sync/plan/diff.ts', 'type', '../../feishu/calls/client.ts'],
    ['sync/plan/diff.ts', 'value', 'zod'],
    ['sync/words/text.ts', 'type', '../fields/column.ts'],
    ['cards/card.ts', 'type', '../run/ports.ts'],
    ['run/upload.ts', 'value', '../feishu/table/table.ts'],
    ['run/upload.ts', 'value', '@larksuiteoapi/node-sdk'],
    ['store/runs.ts', 'type', '../run/runs.ts'],
    ['bot/command.ts', 'value', 'koa'],
    ['../playground/src/world.ts', 'type', '../../src/sync/state.ts'],
    ['../playground/src/page/chat.ts', 'type', '../world.ts'],
    ['../playground/src/page/chat.ts', 'value', 'node:fs'],
    ['../playground/src/view/host.ts', 'later', 'esbuild'],
    ['../playground/test/fields.test.ts', 'type', '../../src/sync/state.ts'],
    ['demo/scene.ts', 'value', '../../playground/src/world.ts'],
    ['bot/command.ts', 'type', 'bitable-playground'],
    ['cli/run.ts', 'value', '../run/runs.ts'],
    ['cli/run.ts', 'later', '../app.ts'],
    ['main.ts', 'value', './app.ts'],
    ['app.ts', 'value', 'bitable-playground'],
  ] as const)('finds a stray: %s, %s of %s', (file, how, target) => {
    expect(allowed(file, { how, target })).toBe(false);
  });

  it.each([
    ['sync/plan/diff.ts', 'value', '../fields/key.ts'],
    ['sync/plan/known.ts', 'value', 'node:crypto'],
    ['sync/fields/kinds/date.ts', 'value', '../../words/zone.ts'],
    ['sync/definition/parse-definition.ts', 'value', 'zod'],
    ['store/runs.ts', 'value', '../run/ports.ts'],
    ['cli/run.ts', 'type', '../run/runs.ts'],
    ['main.ts', 'later', './app.ts'],
    ['demo/scene.ts', 'value', 'bitable-playground'],
  ] as const)('lets through: %s, %s of %s', (file, how, target) => {
    expect(allowed(file, { how, target })).toBe(true);
  });

  it('reads imports of every form', () => {
    expect(importsOf('main.ts')).toEqual(
      expect.arrayContaining([
        { how: 'value', target: './cli/cli.ts' },
        { how: 'type', target: './cli/terminal.ts' },
        { how: 'later', target: './app.ts' },
      ]),
    );
  });
});

describe('an event in the log', () => {
  const noun = '[a-z]+(?:-[a-z]+)*';
  const irregular = 'begun|done|found|given|kept|left|lost|read|sent|shown|shrunk|spent|told|understood';
  /** `run.ended`, `card.not-sent`, `run.resumed-elsewhere`. */
  const shape = new RegExp(
    `^${noun}\\.(?:not-)?(?:${noun}-)?(?:[a-z]+ed|${irregular})(?:-(?:late|out|up|elsewhere))?$`,
  );
  const events = files.flatMap((file) =>
    [
      ...readFileSync(join(src, file), 'utf8').matchAll(/\b(?:warn|log(?:\??\.\w+|\[.+?\]))\(([^,)]+)/g),
    ].flatMap(([, first = '']) =>
      [...first.matchAll(/'([^']*)'/g)].map(([, event]) => ({ file, event: event ?? '' })),
    ),
  );

  it('is found in the sources', () => {
    const names = events.map(({ event }) => event);
    expect(names).toEqual(
      expect.arrayContaining(['run.ended', 'card.given-up', 'bot.started', 'call.failed']),
    );
    expect(names.length).toBeGreaterThan(50);
  });

  it('is called by what it is about and what became of it', () => {
    expect(events.filter(({ event }) => !shape.test(event))).toEqual([]);
  });
});
