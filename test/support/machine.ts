import { execFile } from 'node:child_process';
import { constants } from 'node:fs';
import { access } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** What may be done to the machine that the tests run on. */
export interface Machine {
  readonly root: boolean;
  /** Whether it has Debian's packages. */
  readonly apt: boolean;
}

export const thisMachine = async (): Promise<Machine> => ({
  root: userInfo().uid === 0,
  apt: (await findBinary(['apt-get'])) !== undefined,
});

/** Installs Debian's packages. @param say is told each command */
export async function install(
  packages: readonly string[],
  root: boolean,
  say: (line: string) => void,
): Promise<void> {
  const apt = async (...words: string[]): Promise<void> => {
    const command = [...(root ? [] : ['sudo', '-n']), 'apt-get', '-q', ...words];
    say(command.join(' '));
    await promisify(execFile)(command[0] ?? '', command.slice(1), {
      env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
      maxBuffer: 64 * 1024 * 1024,
    });
  };
  await apt('update');
  await apt('install', '-y', '--no-install-recommends', ...packages);
  say(`${packages.join(' ')}: installed.`);
}

/** Finds the first of the programs on the path, or where servers are installed without being on it. */
export async function findBinary(
  names: readonly string[],
  first: readonly string[] = [],
): Promise<string | undefined> {
  const usual = ['/usr/sbin', '/usr/bin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  const folders = [...first, ...(process.env['PATH'] ?? '').split(delimiter), ...usual];
  for (const name of names) {
    for (const folder of folders) {
      const path = join(folder, name);
      if (folder !== '' && (await isProgram(path))) return path;
    }
  }
  return undefined;
}

const isProgram = (path: string): Promise<boolean> =>
  access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
