import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { readConfig } from '../src/config.ts';
import { settings } from '../src/settings.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string): string => readFileSync(join(root, name), 'utf8');
/** Lines of `name=value`, as .env files and units hold them. */
const variables = z.record(z.string(), z.string());

describe('compose.yaml', () => {
  const service = z.object({
    build: z.string().optional(),
    environment: variables,
    volumes: z.array(z.string()),
    healthcheck: z.object({ test: z.array(z.string()) }).optional(),
  });
  const { services, volumes } = z
    .object({ services: z.record(z.string(), service), volumes: z.record(z.string(), z.null()) })
    .parse(parse(read('compose.yaml')));
  const bot = services['bot'] ?? expect.unreachable('no bot');
  const set = (value: string): string => value.replaceAll(/\$\{SHOP_PASSWORD[^}]*\}/g, 'letters123');

  it('builds and mounts what is there, or what its steps make', () => {
    expect(existsSync(join(root, bot.build ?? '-', 'Dockerfile'))).toBe(true);
    const mounted = Object.values(services).flatMap((one) =>
      one.volumes.map((line) => line.split(':')[0] ?? ''),
    );
    const folders = mounted.filter((path) => path.startsWith('./'));
    expect(folders.filter((path) => !existsSync(join(root, path)))).toEqual(['./syncs']);
    expect(mounted.filter((path) => !path.startsWith('./')).sort()).toEqual(Object.keys(volumes).sort());
  });

  it('sets what the program reads, and holds no secret', () => {
    const known = Object.keys(settings).map((name) => name.replace('<NAME>', 'SHOP'));
    expect(known).toEqual(expect.arrayContaining(Object.keys(bot.environment)));
    const env = Object.fromEntries(
      Object.entries(bot.environment).map(([name, value]) => [name, set(value)]),
    );
    const config = readConfig(
      { ...env, FEISHU_APP_ID: 'cli_0123456789abcdef', FEISHU_APP_SECRET: 'x' },
      root,
    );
    expect([...config.connections.keys()]).toEqual(['SHOP']);
    expect(config.advice).toEqual([]);
    const all = Object.values(services).flatMap(({ environment }) => Object.entries(environment));
    const secrets = all.filter(([name]) => /PASSWORD$|CONNECTION/.test(name)).map(([, value]) => value);
    expect(secrets.length).toBeGreaterThan(2);
    for (const value of secrets) expect(value).toMatch(/^yes$|\$\{SHOP_PASSWORD/);
  });

  it('waits for a shop that is filled, whose names the bot’s address holds', () => {
    const { environment, healthcheck } = services['shop'] ?? expect.unreachable('no shop');
    const address = new URL(set(bot.environment['CONNECTION_SHOP'] ?? ''));
    expect([address.username, address.password, address.hostname, address.pathname.slice(1)]).toEqual([
      environment['MYSQL_USER'],
      set(environment['MYSQL_PASSWORD'] ?? ''),
      'shop',
      environment['MYSQL_DATABASE'],
    ]);
    expect(healthcheck?.test.slice(0, 3)).toEqual(['CMD', 'mysqladmin', 'ping']);
  });
});

describe('the unit for systemd', () => {
  const unit = read('examples/bitable-sync.service');
  const analyze = '/usr/bin/systemd-analyze';

  it('starts the program with settings that exist, and lets it end', () => {
    expect(unit).toMatch(/^ExecStart=\S+ \S+\/dist\/main\.js start$/m);
    const set = [...unit.matchAll(/^Environment=(\w+)=/gm)].map(([, name]) => name);
    expect(Object.keys(settings)).toEqual(expect.arrayContaining(set));
    const lines = unit.split('\n').filter((line) => /^[^#\s]/.test(line));
    expect(lines.filter((line) => !/^(\[\w+\]|[A-Z]\w+=.*)$/.test(line))).toEqual([]);
    expect(unit).toContain('\nKillMode=mixed\n');
  });

  it.skipIf(!existsSync(analyze) || !existsSync('/usr/bin/node'))('is one that systemd takes', () => {
    const file = join(root, 'examples/bitable-sync.service');
    const { status, stdout, stderr } = spawnSync(analyze, ['verify', file], { encoding: 'utf8' });
    expect({ status, said: `${stdout}${stderr}` }).toEqual({ status: 0, said: '' });
  });
});

describe('the files for whoever works on it', () => {
  const files = ['CONTRIBUTING.md', 'SECURITY.md', '.github/pull_request_template.md'];

  it('let CI run what there is, as root on Debian, from the oldest Node that is supported to that of the image', () => {
    const step = z.object({ run: z.string().optional() });
    const job = z.object({
      container: z.string(),
      strategy: z.object({ matrix: z.object({ node: z.array(z.number()) }) }),
      steps: z.array(step),
    });
    const { jobs } = z
      .object({ jobs: z.object({ test: job }) })
      .parse(parse(read('.github/workflows/ci.yml')));
    const { container, steps, strategy } = jobs.test;
    for (const { run } of steps) if (run) accessSync(join(root, run), constants.X_OK);
    expect(steps.some(({ run }) => run !== undefined)).toBe(true);
    const image = /^FROM node:(\d+)-(\w+)/.exec(read('Dockerfile').replace(/^#.*\n/, ''));
    const oldest = /\d+/.exec(
      z.object({ engines: variables }).parse(JSON.parse(read('package.json'))).engines['node'] ?? '',
    );
    expect(strategy.matrix.node.map(String)).toEqual([oldest?.[0], image?.[1]]);
    expect(container).toBe(`node:\${{ matrix.node }}-${image?.[2]}`);
  });

  it.each(files)('%s names paths and scripts that exist', (file) => {
    const words = [...read(file).matchAll(/`([^`\n]+)`|\]\((?!https?:)([^)#]+)/g)].map(
      ([, code, link]) => code ?? link ?? '',
    );
    const paths = words.filter((word) => /^[\w.-]+\/[\w./-]*$|^[\w-]+\.(md|json|yaml|mjs)$/.test(word));
    expect(
      paths.filter((path) => !existsSync(join(root, path)) && !existsSync(join(root, 'src', path))),
    ).toEqual([]);
    const scripts = z.object({ scripts: variables }).parse(JSON.parse(read('package.json'))).scripts;
    const named = words
      .flatMap((word) => /^npm (?:run (\w+)|(test))/.exec(word)?.slice(1) ?? [])
      .filter((one) => one);
    expect(named.length).toBeGreaterThan(0);
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });

  it('CHANGELOG.md holds versions, newest first, an entry a line; the newest is that of the program', () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));
    const [, unreleased, ...versions] = read('CHANGELOG.md').split(/^## /m);
    expect(unreleased).toMatch(/^Unreleased\n/);
    const titles = versions.map((one) => /^(\d+\.\d+\.\d+) – \d{4}-\d\d-\d\d\n/.exec(one)?.[1]);
    expect([titles[0], titles.at(-1)]).toEqual([version, '0.1.0']);
    expect(titles).not.toContain(undefined);
    const lines = versions.flatMap((one) => one.split('\n').slice(1));
    const form = /^$|^### (Added|Changed|Fixed)$|^- [^*\s].{0,157}$|^[^-#\s].{0,159}$/u;
    expect(lines.filter((line) => !form.test(line))).toEqual([]);
    const entries = lines.filter((line) => line.startsWith('- '));
    expect(new Set(entries).size).toBe(entries.length);
  });
});
