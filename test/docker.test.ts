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
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDockerfile, type Stage } from './support/dockerfile.ts';

const project = fileURLToPath(new URL('..', import.meta.url));
const about = JSON.parse(readFileSync(join(project, 'package.json'), 'utf8')) as {
  readonly name: string;
  readonly files: readonly string[];
  readonly bin: Readonly<Record<string, string>>;
};
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

/** Runs a command in a folder, without the settings of whoever runs the tests. */
const run = (command: string, words: readonly string[], cwd: string, env: NodeJS.ProcessEnv = {}) =>
  spawnSync(command, words, {
    cwd,
    encoding: 'utf8',
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'] ?? cwd, LOCALE: 'en-US', ...env },
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
        const env = { npm_config_prefer_offline: 'true', UNCHECKED: '1' };
        const { status, stdout, stderr } = run('sh', ['-c', rest], folder, env);
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

  const settings = {
    FEISHU_APP_ID: 'cli_0123456789abcdef',
    FEISHU_APP_SECRET: 'app-secret',
    FEISHU_DOMAIN: 'http://127.0.0.1:9',
  };
  const program = (line: string) =>
    run(process.execPath, ['dist/main.js', ...line.split(' ')], app, settings);

  it('leave nothing out that the whole program needs', () => {
    const { status, stdout, stderr } = program('run nothing --json');
    expect(JSON.parse(stdout), stderr).toMatchObject({
      definition: 'nothing',
      error: { code: expect.any(String) },
    });
    expect(JSON.parse(stdout), stderr).not.toMatchObject({ error: { code: 'internal' } });
    expect(status).toBe(2);
  });

  it('leave neither demo nor playground', () => {
    const left = readdirSync(join(app, 'dist'), { recursive: true, encoding: 'utf8' });
    expect(left.filter((name) => /demo|playground/.test(name))).toEqual([]);
    expect(existsSync(join(app, 'node_modules/bitable-playground'))).toBe(false);
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

  describe('and what npm pack gives, installed beside the same packages', () => {
    let folder = '';
    let files: readonly string[] = [];

    beforeAll(() => {
      const packed = join(machine, 'packed');
      const always = ['package.json', 'README.md', 'README.zh-CN.md', 'LICENSE', 'scripts'];
      const listed = about.files.map((path) => path.replace(/\/\*.*$/, '')).filter((path) => path !== 'dist');
      for (const path of [...listed, ...always])
        cpSync(join(project, path), join(packed, path), { recursive: true });
      cpSync(join(app, 'dist'), join(packed, 'dist'), { recursive: true });
      const { stdout, stderr } = run('npm', ['pack', '--ignore-scripts', '--json'], packed);
      const [tarball] = JSON.parse(stdout || expect.unreachable(stderr)) as readonly [
        { readonly filename: string; readonly files: readonly { readonly path: string }[] },
      ];
      files = tarball.files.map(({ path }) => path);
      // npm would put it there; its dependencies are there already.
      const installed = join(app, 'node_modules', about.name);
      mkdirSync(installed);
      const words = ['-xzf', join(packed, tarball.filename), '-C', installed, '--strip-components=1'];
      expect(run('tar', words, machine).status).toBe(0);
      folder = join(machine, 'empty');
      mkdirSync(folder);
      symlinkSync(join(app, 'node_modules'), join(folder, 'node_modules'));
    });

    /** Runs what `bin` names, in a folder that holds nothing else. */
    const installed = (line: string) =>
      run(join(folder, 'node_modules', about.name, about.bin[about.name] ?? ''), line.split(' '), folder);

    it('holds licence, documents and examples, and nothing that only building or testing needs', () => {
      expect(files).toEqual(
        expect.arrayContaining([
          ...['LICENSE', 'README.md', 'README.zh-CN.md', 'CHANGELOG.md', 'package.json', '.env.example'],
          ...['dist/main.js', 'definition.schema.json', 'app-manifest.json', 'examples/orders.yaml'],
        ]),
      );
      const needless = /^(src|test|scripts)\/|(demo|playground)\/|\.map$|\.ts$|\.tgz$/;
      expect(files.filter((path) => needless.test(path))).toEqual([]);
    });

    it('shows its help, and says what settings it lacks', () => {
      expect(installed('--help')).toMatchObject({
        status: 0,
        stdout: expect.stringContaining('bitable-sync'),
      });
      const { status, stderr } = installed('check');
      expect(stderr).toContain('FEISHU_APP_ID');
      expect(status).toBe(2);
    });

    it('says where the demo is', () => {
      const { status, stderr } = installed('demo');
      expect(stderr).toContain('Clone the repository and type npm run demo there.');
      expect(status).toBe(2);
    });
  });
});
