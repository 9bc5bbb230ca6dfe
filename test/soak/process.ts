import { type ChildProcess, spawn } from 'node:child_process';
import type { Program } from '../../src/app.ts';
import type { Report } from '../../src/cli/report.ts';
import type { Instance } from '../../src/process.ts';
import type { Clock } from '../../src/run/ports.ts';
import { type Shell, typed } from '../support/command-line.ts';
import { built, parts } from '../support/program.ts';
import { type Door, openDoor } from './door.ts';
import type { Setting } from './scenario.ts';

/** How a process ended. */
export interface Ended {
  readonly exit: number | null;
  readonly err: string;
  /** Undefined when it was killed, or has told nothing. */
  readonly report: Report | undefined;
}

/** A process of the program, in this one or a real one. */
export interface Process {
  /** The `host` that all its calls name. */
  readonly name: string;
  readonly line: string;
  readonly ended: Promise<Ended>;
  /** SIGTERM, or what comes to the same. */
  term(): void;
  /** SIGKILL; resolves when it is gone. Only real ones can be killed. */
  kill(): Promise<void>;
}

/** What starts programs in a folder. */
export interface Machine {
  /** Types a line; `--json` is added. */
  start(line: string): Promise<Process>;
  /** Opens the program in this process, for what has no command line. */
  open(): Promise<{ readonly name: string; readonly program: Program }>;
  close(): void;
}

/** Where programs run. */
export interface Place {
  readonly setting: Setting;
  readonly folder: string;
  /** Settings but for Feishu's address. */
  readonly env: Readonly<Record<string, string>>;
  readonly feishu: string;
  readonly clock: Clock;
}

/** Prepares to start programs, each with a door of its own to Feishu. */
export async function machine(place: Place): Promise<Machine> {
  const { setting, folder, feishu, clock } = place;
  const main = `${await built()}/main.js`;
  const program = await parts();
  const doors: Door[] = [];
  const alive = new Set<string>();

  async function door(): Promise<Door> {
    const made = await openDoor(feishu);
    doors.push(made);
    return made;
  }

  /** How programs in this process know each other: it is one machine, two of them, or it looks as if the other were gone. */
  function instance(owner: string): Instance {
    alive.add(owner);
    const others = { alive: (one: string) => alive.has(one), unknown: () => undefined, gone: () => false };
    const isAlive = others[setting.peers];
    return { owner, isAlive: (one) => one === owner || isAlive(one) };
  }

  return {
    async start(line) {
      const { url, host } = await door();
      const env = { ...place.env, FEISHU_DOMAIN: url };
      if (setting.kind === 'real') return child({ name: host, line, main, folder, env });
      const made = inside(host, line, { program, folder, env, clock, instance: instance(host) });
      void made.ended.then(() => alive.delete(host));
      return made;
    },
    async open() {
      const { url, host } = await door();
      const config = program.readConfig({ ...place.env, FEISHU_DOMAIN: url }, folder);
      const log = program.createLog({
        level: 'silent',
        write: () => undefined,
        pretty: false,
        secrets: [],
      });
      const opened = await program.openProgram(config, { log, clock, instance: instance(host) });
      return {
        name: host,
        program: { ...opened, stop: () => opened.stop().finally(() => alive.delete(host)) },
      };
    },
    close: () => {
      for (const one of doors) one.close();
    },
  };
}

interface Started {
  readonly name: string;
  readonly line: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
}

function inside(name: string, line: string, shell: Shell): Process {
  const stopping = new AbortController();
  const ended = typed(line, { ...shell, stopping: stopping.signal });
  return {
    ...{ name, line },
    ended: ended.then(({ exit, out, err }) => ({ exit, err, report: reportIn(out) })),
    term: () => stopping.abort(new Error('SIGTERM')),
    kill: () => Promise.reject(new Error('Only a real process can be killed.')),
  };
}

function child({ name, line, folder, env, main }: Started & { readonly main: string }): Process {
  const process_: ChildProcess = spawn(process.execPath, [main, ...line.split(' '), '--json'], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let out = '';
  let err = '';
  process_.stdout?.setEncoding('utf8').on('data', (words: string) => {
    out += words;
  });
  process_.stderr?.setEncoding('utf8').on('data', (words: string) => {
    err += words;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    process_.on('error', reject).on('close', (exit) => resolve({ exit, err, report: reportIn(out) }));
  });
  return {
    name,
    line,
    ended,
    term: () => {
      process_.kill('SIGTERM');
    },
    kill: async () => {
      process_.kill('SIGKILL');
      await ended;
    },
  };
}

function reportIn(out: string): Report | undefined {
  const last = out.trimEnd().split('\n').at(-1) ?? '';
  return last.startsWith('{') ? (JSON.parse(last) as Report) : undefined;
}
