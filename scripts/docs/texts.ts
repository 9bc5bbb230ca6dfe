import { type Text, text } from '../../src/sync/words/text.ts';

/** Matches a string or a template. */
const literal = String.raw`'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|${'`'}(?:[^${'`'}\\$]|\\.|\$(?!\{)|\$\{(?:[^{}]|\{[^{}]*\})*\})*${'`'}`;
/** Matches `text('中文', 'English')`; the two literals are its groups. */
export const pair = String.raw`text\(\s*(${literal}),\s*(${literal}),?\s*\)`;

/** What a literal says, with `…` for what a template or a placeholder is filled with. */
const said = (written: string): string =>
  written
    .slice(1, -1)
    .replace(/\$\{(?:[^{}]|\{[^{}]*\})*\}/g, '…')
    .replace(/\{\w+\}/g, '…')
    .replace(/\\(.)/g, '$1')
    .replace(/…+/g, '…');

/** Returns what two literals say, where they are there. */
export const textOf = (zh: string | undefined, en: string | undefined): Text | undefined =>
  zh === undefined || en === undefined ? undefined : text(said(zh), said(en));

/** A Chinese literal and an English one behind it, whatever takes them. */
const pairs = new RegExp(`(?<=[(,]\\s*)(${literal}),\\s*(${literal})`, 'g');
const han = /\p{Script=Han}/u;

/** Returns the sentences of a source that are there in both languages. */
export function textsIn(source: string): readonly Text[] {
  const code = source.replaceAll(/^\s*(?:\/\/|\/?\*).*$/gm, '');
  return [...code.matchAll(pairs)].flatMap(([, zh = '', en = '']) =>
    han.test(zh) && !han.test(en) ? (textOf(zh, en) ?? []) : [],
  );
}
