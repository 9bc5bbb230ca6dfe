import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const src = fileURLToPath(new URL('../src', import.meta.url));
const files = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !file.startsWith('demo/'),
);

interface Pattern {
  readonly file: string;
  readonly source: string;
  readonly flags: string;
}

/** The regular expressions of a file: what begins with a slash where a value is expected. */
function patternsOf(file: string): Pattern[] {
  const code = readFileSync(join(src, file), 'utf8').replace(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  const literal =
    /(?:[=(,:[!&|?;>]|\breturn|\n)\s*\/(?![/*])((?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+)\/([dgimsuvy]*)/g;
  return [...code.matchAll(literal)].map(([, source = '', flags = '']) => ({ file, source, flags }));
}

const all = files.flatMap(patternsOf);
const length = 1 << 13;
const common = [...'0aA \t\n\r-+._/\\\'"`<>[](){}*=,:;|#@$?!%&~^一😀'];

/** Texts of one or two characters over and over, which the pattern knows itself, and an end that fits nothing. */
function attacks({ source }: Pattern): string[] {
  const own = new Set([...source.replace(/\\[a-zA-Z]\{?[^}]*\}?/g, '')]);
  const letters = [...new Set([...common, ...own])];
  const pairs = [...own].flatMap((one) => [`${one}0`, `a${one}`]);
  const runs = (source.replace(/\\([^a-zA-Z])/g, '$1').match(/[a-z:/'"@ ]{2,}/gi) ?? []).flatMap((run) => [
    run,
    `${run}a:`,
  ]);
  return [...letters, ...pairs, ...runs, '*/', '/*', '\r\n'].map(
    (unit) => `${unit.repeat(length / unit.length)}\u0001`,
  );
}

/** The shortest time (µs) that the work takes; tried again only while it seems to take long, for others may be at work too. */
function cost(work: () => void, enough: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 5 && least > enough; tries += 1) {
    const before = performance.now();
    work();
    least = Math.min(least, (performance.now() - before) * 1000);
  }
  return least;
}

it('finds the patterns of the sources', () => expect(all.length).toBeGreaterThan(100));

// A pattern that goes back over what it has read takes a thousand times as long for such a text as one that does not.
it('no pattern over text from outside goes through it more than once', { timeout: 120_000 }, () => {
  const once = /[^\0]*\0/y;
  const fair =
    Math.max(
      20,
      cost(() => once.test('a'.repeat(length)), 0),
    ) * 100;
  const slow = all.flatMap((pattern) => {
    const expression = new RegExp(pattern.source, pattern.flags.replace('g', ''));
    const run = (text: string) => (): void => {
      expression.lastIndex = 0;
      expression.test(text);
    };
    const found = attacks(pattern).find((text) => cost(run(text), fair) > fair);
    return found === undefined
      ? []
      : [`${pattern.file}: /${pattern.source}/ on ${JSON.stringify(found.slice(0, 4))}…`];
  });
  expect(slow).toEqual([]);
});
