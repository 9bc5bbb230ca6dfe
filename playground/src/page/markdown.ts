/** A piece of a line. */
export type Inline =
  | { readonly kind: 'text' | 'code'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'strong' | 'em' | 'del'; readonly inside: readonly Inline[] }
  | { readonly kind: 'link'; readonly href: string; readonly inside: readonly Inline[] }
  | { readonly kind: 'font'; readonly color: string; readonly inside: readonly Inline[] }
  | { readonly kind: 'tag'; readonly color: string; readonly inside: readonly Inline[] }
  | { readonly kind: 'at' | 'person'; readonly id: string }
  | { readonly kind: 'time'; readonly ms: number };

/** A part that stands on lines of its own. */
export type Block =
  | { readonly kind: 'paragraph' | 'quote'; readonly inside: readonly Inline[] }
  | { readonly kind: 'heading'; readonly level: number; readonly inside: readonly Inline[] }
  | { readonly kind: 'list'; readonly ordered: boolean; readonly items: readonly (readonly Inline[])[] }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Inline[])[])[] }
  | { readonly kind: 'rule' };

/**
 * Reads the Markdown of cards: the usual marks and a few tags of Feishu's own. Whatever is not known stays the
 * text that it is, so that nothing in it can ever become markup.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/rich-text
 */
export function readMarkdown(source: string): readonly Block[] {
  const lines = source.replaceAll('\r\n', '\n').split('\n');
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  const close = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', inside: readInline(paragraph.join('\n')) });
    paragraph = [];
  };
  let at = 0;
  while (at < lines.length) {
    const found = blockAt(lines, at);
    const line = lines[at] ?? '';
    if (found) {
      close();
      blocks.push(found.block);
      at = found.next;
    } else {
      if (line.trim() === '') close();
      else paragraph.push(line);
      at += 1;
    }
  }
  close();
  return blocks;
}

interface Found {
  readonly block: Block;
  readonly next: number;
}

const bullet = /^\s*(?:[-*+]|(\d{1,3})\.)\s+(.*)$/u;

/** The block that begins at a line and is no paragraph. */
function blockAt(lines: readonly string[], at: number): Found | undefined {
  const line = lines[at] ?? '';
  const heading = /^(#{1,6})\s+(.*)$/u.exec(line);
  if (heading)
    return {
      block: { kind: 'heading', level: heading[1]?.length ?? 1, inside: readInline(heading[2] ?? '') },
      next: at + 1,
    };
  if (/^\s*(?:-{3,}|\*{3,})\s*$/u.test(line)) return { block: { kind: 'rule' }, next: at + 1 };
  if (line.startsWith('```')) {
    const end = lines.findIndex((one, place) => place > at && one.startsWith('```'));
    const last = end < 0 ? lines.length : end;
    return { block: { kind: 'code', text: lines.slice(at + 1, last).join('\n') }, next: last + 1 };
  }
  if (line.startsWith('|')) return tableAt(lines, at);
  if (line.startsWith('> ')) {
    const next = endOf(lines, at, (one) => one.startsWith('> '));
    const inside = lines.slice(at, next).map((one) => one.slice(2));
    return { block: { kind: 'quote', inside: readInline(inside.join('\n')) }, next };
  }
  const [, number] = bullet.exec(line) ?? [];
  if (bullet.test(line)) {
    const next = endOf(lines, at, (one) => bullet.test(one));
    const items = lines.slice(at, next).map((one) => readInline(bullet.exec(one)?.[2] ?? ''));
    return { block: { kind: 'list', ordered: number !== undefined, items }, next };
  }
  return undefined;
}

function endOf(lines: readonly string[], at: number, goesOn: (line: string) => boolean): number {
  let next = at;
  while (next < lines.length && goesOn(lines[next] ?? '')) next += 1;
  return next;
}

function tableAt(lines: readonly string[], at: number): Found | undefined {
  if (!/^\|[\s:|-]+\|\s*$/u.test(lines[at + 1] ?? '')) return undefined;
  const next = endOf(lines, at, (one) => one.startsWith('|'));
  const rows = lines
    .slice(at, next)
    .filter((_, place) => place !== 1)
    .map((one) =>
      one
        .trim()
        .replace(/^\||\|$/gu, '')
        .split('|')
        .map((cell) => readInline(cell.trim())),
    );
  return { block: { kind: 'table', rows }, next };
}

/** Marks in the order in which they are tried; each begins where it stands. */
const marks: readonly { readonly form: RegExp; read(found: RegExpExecArray): Inline | undefined }[] = [
  { form: /^`([^`\n]+)`/u, read: ([, text = '']) => ({ kind: 'code', text }) },
  { form: /^\\([\\`*_{}[\]()#+\-.!|<>~])/u, read: ([, text = '']) => ({ kind: 'text', text }) },
  {
    form: /^\*\*(?=\S)([\s\S]*?\S)\*\*/u,
    read: ([, text = '']) => ({ kind: 'strong', inside: readInline(text) }),
  },
  { form: /^~~(?=\S)([\s\S]*?\S)~~/u, read: ([, text = '']) => ({ kind: 'del', inside: readInline(text) }) },
  {
    form: /^\*(?=[^\s*])([^*\n]*[^\s*])\*/u,
    read: ([, text = '']) => ({ kind: 'em', inside: readInline(text) }),
  },
  { form: /^\[([^\]\n]*)\]\(([^)\s]+)\)/u, read: ([, text = '', href = '']) => linkTo(href, text) },
  { form: /^<br\s*\/?>/u, read: () => ({ kind: 'break' }) },
  { form: /^\n/u, read: () => ({ kind: 'break' }) },
  {
    form: /^<font color=['"]?([\w-]+)['"]?>([\s\S]*?)<\/font>/u,
    read: ([, color = '', text = '']) => ({ kind: 'font', color, inside: readInline(text) }),
  },
  {
    form: /^<text_tag color=['"]?([\w-]+)['"]?>([\s\S]*?)<\/text_tag>/u,
    read: ([, color = '', text = '']) => ({ kind: 'tag', color, inside: readInline(text) }),
  },
  { form: /^<at id=['"]?([\w-]+)['"]?><\/at>/u, read: ([, id = '']) => ({ kind: 'at', id }) },
  {
    form: /^<person id\s*=\s*['"]?([\w-]+)['"]?[^>]*><\/person>/u,
    read: ([, id = '']) => ({ kind: 'person', id }),
  },
  {
    form: /^<local_datetime millisecond=['"]?(\d{1,16})['"]?[^>]*>(?:<\/local_datetime>)?/u,
    read: ([, ms = '0']) => ({ kind: 'time', ms: Number(ms) }),
  },
  { form: /^https?:\/\/[^\s<>"'()（），。]+/u, read: ([href]) => linkTo(href, href) },
];

const entities: Readonly<Record<string, string>> = {
  lt: '<',
  gt: '>',
  amp: '&',
  quot: '"',
  apos: "'",
  nbsp: '\u00a0',
};

/** Reads the marks within lines. Characters written as entities are never taken for marks. */
export function readInline(source: string): readonly Inline[] {
  const out: Inline[] = [];
  let text = '';
  let at = 0;
  const close = (): void => {
    if (text !== '') out.push({ kind: 'text', text });
    text = '';
  };
  while (at < source.length) {
    const entity = /^&(?:#(\d{1,7})|#x([\da-f]{1,6})|(\w{2,6}));/iu.exec(source.slice(at, at + 12));
    if (entity) {
      text += decode(entity);
      at += entity[0].length;
      continue;
    }
    const found = /[`\\*~[<\nh]/u.test(source[at] ?? '') ? markAt(source.slice(at)) : undefined;
    if (found) {
      close();
      out.push(found.piece);
      at += found.length;
    } else {
      text += source[at];
      at += 1;
    }
  }
  close();
  return out;
}

function decode([whole, decimal, hex, name]: RegExpExecArray): string {
  const code = decimal ? Number(decimal) : hex ? Number.parseInt(hex, 16) : undefined;
  if (code !== undefined) return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  return entities[name ?? ''] ?? whole;
}

function markAt(rest: string): { readonly piece: Inline; readonly length: number } | undefined {
  for (const { form, read } of marks) {
    const found = form.exec(rest);
    const piece = found && read(found);
    if (piece) return { piece, length: found[0].length };
  }
  return undefined;
}

/** A link that a browser may follow; any other address stays text. */
function linkTo(href: string, text: string): Inline | undefined {
  const safe = /^(?:https?:\/\/|lark:\/\/|mailto:)/u.test(href);
  if (!safe) return undefined;
  return { kind: 'link', href, inside: text === href ? [{ kind: 'text', text }] : readInline(text) };
}
