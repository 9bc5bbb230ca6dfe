import { spawn } from 'node:child_process';
import type { Environment } from '../config.ts';

/** The command that opens an address, by platform; anything else has xdg-open or nothing. */
const openers: Readonly<Partial<Record<NodeJS.Platform, readonly string[]>>> = {
  darwin: ['open'],
  win32: ['rundll32', 'url.dll,FileProtocolHandler'],
};

/** Opens an address in the person's browser: `$BROWSER` where it is set. Resolves with false when nothing could be started. */
export function openBrowser(url: string, env: Environment): Promise<boolean> {
  const [command = 'xdg-open', ...first] = env['BROWSER']
    ? [env['BROWSER']]
    : (openers[process.platform] ?? ['xdg-open']);
  return new Promise((resolve) => {
    const child = spawn(command, [...first, url], { stdio: 'ignore', detached: true });
    child.once('error', () => resolve(false));
    child.once('spawn', () => {
      child.unref();
      resolve(true);
    });
  });
}
