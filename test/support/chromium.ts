import { findBinary, install, type Machine, thisMachine } from './machine.ts';

const names = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];

/** Where the browser comes from. */
export type BrowserPlan =
  | { readonly kind: 'found'; readonly path: string }
  | { readonly kind: 'install' }
  | { readonly kind: 'stuck'; readonly advice: string };

/** Picks where the browser comes from: `CHROMIUM`, else one on the path, else Debian's package. */
export function planBrowser(
  env: Readonly<Record<string, string | undefined>>,
  found: string | undefined,
  machine: Machine,
): BrowserPlan {
  const path = env['CHROMIUM'] || found;
  if (path) return { kind: 'found', path };
  if (machine.apt && (machine.root || env['CI'] === 'true')) return { kind: 'install' };
  const how = machine.apt
    ? 'sudo apt-get update && sudo apt-get install -y --no-install-recommends chromium'
    : 'export CHROMIUM=/path/to/chrome';
  return { kind: 'stuck', advice: `The tests of the page need Chromium. Run:\n\n  ${how}\n` };
}

/** Finds or installs the browser; answers its path. @param say is told what takes long, a line each */
export async function readyChromium(
  say: (line: string) => void,
  packages: readonly string[] = ['chromium'],
): Promise<string> {
  const machine = await thisMachine();
  const plan = planBrowser(process.env, await findBinary(names), machine);
  if (plan.kind === 'found') return plan.path;
  if (plan.kind === 'stuck') throw new Error(plan.advice);
  say('No Chromium found.');
  await install(packages, machine.root, say);
  const path = await findBinary(names);
  if (!path) throw new Error('Chromium is installed, but it is not on the path.');
  return path;
}
