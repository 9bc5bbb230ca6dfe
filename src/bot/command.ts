/** What somebody asks the bot for in a line of text. */
export type Command =
  /** `name` as written: a definition's name or its title. */
  | { readonly kind: 'sync'; readonly name: string; readonly plan: boolean }
  /** Stops what goes on or waits; the only one in the chat when no name is given. */
  | { readonly kind: 'cancel'; readonly name: string | undefined }
  /** Compares both sides, writes nothing. */
  | { readonly kind: 'verify'; readonly name: string }
  | { readonly kind: 'list' }
  | { readonly kind: 'help' }
  /** Begins with a slash, but is no command that the bot knows. */
  | { readonly kind: 'unknown'; readonly words: string };

/** Code units that are looked at; commands are short, pasted texts are not. */
const readable = 1000;
const planFlag = /^[-‐‑‒–—―−─]+plan$/iu;
const flag = /^[-‐‑‒–—―−─]/u;

/**
 * Reads one chat line; `undefined` when it is no command. Full-width slashes and letters, no-break blanks,
 * long dashes for `--` (phones turn one into the other) and mentions of people anywhere do no harm.
 */
export function parseCommand(text: string): Command | undefined {
  const words = firstLine(text)
    .split(/\s+/u)
    .filter((word) => word !== '' && !word.startsWith('@'));
  const line = words.join(' ');
  if (/^\/?\s?(help|帮助)(\s|$)/iu.test(line)) return { kind: 'help' };
  // Chinese needs no blank between the verb and the name.
  const verb = /^\/\s?(?:sync(?=\s|$)|同步)\s?/iu.exec(line);
  if (verb) return syncCommand(line.slice(verb[0].length), line);
  return line.startsWith('/') ? { kind: 'unknown', words: line } : undefined;
}

function firstLine(text: string): string {
  const clean = text
    .slice(0, readable)
    .normalize('NFKC')
    .replace(/\p{Cf}/gu, '');
  return clean.split(/[\r\n]/u).find((line) => line.trim() !== '') ?? '';
}

function syncCommand(rest: string, line: string): Command {
  const words = rest.split(' ').filter((word) => word !== '');
  const names = words.filter((word) => !planFlag.test(word));
  const plan = names.length < words.length;
  const name = names.join(' ');
  if (names.some((word) => flag.test(word)) || (plan && name === '')) return { kind: 'unknown', words: line };
  const cancel = /^(?:cancel|取消)(?:\s+(.+))?$/iu.exec(name);
  if (cancel) return plan ? { kind: 'unknown', words: line } : { kind: 'cancel', name: cancel[1] };
  const verify = /^(?:verify|核对)\s+(.+)$/iu.exec(name)?.[1];
  if (verify !== undefined) return plan ? { kind: 'unknown', words: line } : { kind: 'verify', name: verify };
  if (name === '' || /^(list|列表)$/iu.test(name)) return { kind: 'list' };
  if (/^(help|帮助)$/iu.test(name)) return { kind: 'help' };
  return { kind: 'sync', name, plan };
}
