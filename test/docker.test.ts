import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDockerfile, type Stage } from './support/dockerfile.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const stages = parseDockerfile(readFileSync(join(project, 'Dockerfile'), 'utf8'));
const last = stages.at(-1) ?? expect.unreachable('the Dockerfile has no stage');
const valuesOf = (word: string) => last.steps.filter((step) => step.word === word).map(({ rest }) => rest);

/** What `.dockerignore` lets through to the build; only the form used here: all but the names listed. */
const sent = readFileSync(join(project, '.dockerignore'), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('!'))
  .map((line) => line.slice(1));

describe('the image', () => {
  it('runs the program itself, so that SIGTERM reaches it', () => {
    expect(valuesOf('ENTRYPOINT')).toEqual(['["node", "dist/main.js"]']);
    expect(valuesOf('CMD')).toEqual(['["start"]']);
  });

  it('does not run as root', () => expect(valuesOf('USER')).toEqual(['node']));

  it('keeps data on a volume', () => expect(valuesOf('VOLUME')).toEqual(['["/app/data"]']));

  it('is built on the current long-term release of Node in each stage', () => {
    expect(stages.length).toBeGreaterThan(1);
    for (const { image } of stages) expect(image).toBe('node:24-bookworm-slim');
  });

  it('watches its health where the program serves it', () => {
    expect(valuesOf('ENV').join(' ')).toContain('HTTP_PORT=8080');
    const [check = ''] = valuesOf('HEALTHCHECK');
    expect(check).toContain('/healthz');
    // Exec form must be JSON, or Docker takes it for a shell line.
    const command: unknown = JSON.parse(/CMD (\[.*\])$/.exec(check)?.[1] ?? '');
    expect(command).toEqual(['node', '-e', expect.any(String)]);
  });
});

describe('the Dockerfile’s copy and run steps, in an empty folder', () => {
  let machine = '';
  let app = '';

  beforeAll(() => {
    machine = mkdtempSync(join(tmpdir(), 'image-'));
    for (const [index, stage] of stages.entries()) play(stage, join(machine, String(index)));
    app = join(machine, String(stages.length - 1), 'app');
  }, 300_000);
  afterAll(() => rmSync(machine, { recursive: true, force: true }));

  /** Carries a stage out as the builder would, below `root` instead of `/`. */
  function play(stage: Stage, root: string): void {
    let folder = root;
    for (const { word, rest } of stage.steps) {
      if (word === 'WORKDIR') {
        folder = join(root, rest);
        mkdirSync(folder, { recursive: true });
      } else if (word === 'COPY') {
        copy(rest, folder);
      } else if (word === 'RUN') {
        const { status, stdout, stderr } = spawnSync('sh', ['-c', rest], {
          cwd: folder,
          encoding: 'utf8',
          env: {
            PATH: process.env['PATH'],
            HOME: process.env['HOME'] ?? root,
            npm_config_prefer_offline: 'true',
            UNCHECKED: '1',
          },
        });
        expect(status, `${rest}\n${stdout}${stderr}`).toBe(0);
      }
    }
  }

  function copy(words: string, folder: string): void {
    const parts = words.split(/\s+/);
    const from = parts.find((part) => part.startsWith('--from='))?.slice('--from='.length);
    const paths = parts.filter((part) => !part.startsWith('--'));
    const target = resolve(folder, paths.pop() ?? '.');
    for (const path of paths) {
      if (!from) expect(sent, '.dockerignore').toContain(path);
      const source = from ? join(machine, String(stageNamed(from)), path) : join(project, path);
      const isFolder = statSync(source).isDirectory();
      // A folder's contents are copied, a file keeps its name.
      const copied = isFolder ? target : join(target, basename(path));
      // Nobody needs the earlier stage any more, and moving is free.
      if (from && !existsSync(copied)) renameSync(source, copied);
      else cpSync(source, copied, { recursive: true });
    }
  }

  const stageNamed = (name: string): number => stages.findIndex((stage) => stage.name === name);

  const program = (line: string) =>
    spawnSync(process.execPath, ['dist/main.js', ...line.split(' ')], {
      cwd: app,
      encoding: 'utf8',
      env: {
        PATH: process.env['PATH'],
        LOCALE: 'en-US',
        FEISHU_APP_ID: 'cli_0123456789abcdef',
        FEISHU_APP_SECRET: 'app-secret',
        FEISHU_DOMAIN: 'http://127.0.0.1:9',
      },
    });

  it('leave a program that knows its version', () => {
    const { version } = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
      version: string;
    };
    expect(program('--version')).toMatchObject({ status: 0, stdout: `${version}\n` });
  });

  it('leave nothing out that the whole program needs', () => {
    const { status, stdout, stderr } = program('run nothing --json');
    expect(JSON.parse(stdout), stderr).toMatchObject({
      definition: 'nothing',
      error: { code: expect.any(String) },
    });
    expect(JSON.parse(stdout), stderr).not.toMatchObject({ error: { code: 'internal' } });
    expect(status).toBe(2);
  });

  it('leave neither demo nor playground, and say where the demo is', () => {
    const left = readdirSync(join(app, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /demo|playground/.test(name))).toEqual([]);
    expect(existsSync(join(app, 'node_modules/bitable-playground'))).toBe(false);
    const { status, stderr } = program('demo');
    expect(stderr).toContain('Clone the repository and type npm run demo there.');
    expect(status).toBe(2);
  });

  it('leave no packages that only building needs', () => {
    const has = (name: string): boolean => existsSync(join(app, 'node_modules', name, 'package.json'));
    expect(has('commander')).toBe(true);
    expect(['typescript', 'vitest', 'tsx', 'esbuild', '@biomejs/biome'].filter(has)).toEqual([]);
  });

  it('leave the program executable and a folder to write into', () => {
    expect(statSync(join(app, 'dist/main.js')).mode & 0o111).not.toBe(0);
    expect(existsSync(join(app, 'data'))).toBe(true);
    expect(existsSync(join(app, 'src'))).toBe(false);
  });
});
