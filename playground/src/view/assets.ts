import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** A file of the page as a browser takes it. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
}

/** The files of the page, by name; `undefined` for any other name. */
export type Assets = (name: string) => Promise<Asset | undefined>;

const types: Readonly<Record<string, string>> = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
};

/**
 * Opens the folder of the page's files. Built, it holds JavaScript. In the sources it holds TypeScript, which is
 * stripped of its types here, so that they need no building.
 */
export function openAssets(): Assets {
  const folder = new URL('../page/', import.meta.url);
  const names = new Set(readdirSync(fileURLToPath(folder)));
  const ready = new Map<string, Promise<Asset>>();
  return async (asked) => {
    const source = asked.replace(/\.js$/, '.ts');
    const name = names.has(asked) ? asked : source;
    const ending = /\.(\w+)$/.exec(name)?.[1] ?? '';
    if (!names.has(name) || (ending !== 'ts' && !types[ending]) || name.endsWith('.d.ts')) return undefined;
    const known = ready.get(name);
    if (known) return known;
    const load = async (): Promise<Asset> => {
      const body = await readFile(new URL(name, folder));
      if (ending !== 'ts') return { type: types[ending] ?? '', body };
      const { transform } = await import('esbuild');
      const { code } = await transform(body.toString(), { loader: 'ts', format: 'esm', target: 'es2022' });
      return { type: types['js'] ?? '', body: Buffer.from(code) };
    };
    const loading = load();
    ready.set(name, loading);
    return loading;
  };
}
