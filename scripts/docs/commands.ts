import { chatCommands } from '../../src/bot/commands/registry.ts';
import { runButtons } from '../../src/cards/run-buttons.ts';
import { exitCodes } from '../../src/cli/arguments.ts';
import { commands } from '../../src/cli/cli.ts';
import { statuses } from '../../src/sync/state/state.ts';
import { inLocale, type Locale, listed, text } from '../../src/sync/words/text.ts';
import { stateOf } from '../../test/cli/state.ts';
import { code, tableOf } from './table.ts';

/** Returns the table of what people can write in a chat. */
export function chatTable(locale: Locale): string {
  const heads = [text('发送的内容', 'Line'), text('效果', 'What it does')];
  const rows = chatCommands.flatMap(({ usages }) =>
    usages.map(({ line, does, manual = does, written }) => [
      written ? inLocale(written, locale) : code(line),
      inLocale(manual, locale),
    ]),
  );
  return tableOf(
    heads.map((one) => inLocale(one, locale)),
    rows,
  );
}

/** Returns the table of the words that a chat command answers to. */
export function spellingsTable(locale: Locale): string {
  const heads = [text('命令', 'Command'), text('也可以写', 'Also')];
  const rows = chatCommands
    .filter(({ spellings }) => spellings.length > 0)
    .map(({ verb, spellings }) => [code(verb), inLocale(listed(spellings.map(code)), locale)]);
  return tableOf(
    heads.map((one) => inLocale(one, locale)),
    rows,
  );
}

/** Returns the table of the commands of the shell, each with its options. */
export function shellTable(locale: Locale): string {
  const heads = [text('命令', 'Command'), text('效果', 'What it does'), text('选项', 'Options')];
  const rows = commands.map(({ name, help, words = {} }) => {
    const all = Object.values(words);
    const shown = all.flatMap((word) => word.shown ?? []);
    const options = all.filter(({ term }) => term.startsWith('-'));
    const told = options.map((one) => `${code(one.term)} ${inLocale(one.help, locale)}`);
    return [code([name, ...shown].join(' ')), inLocale(help, locale), told.join('<br>')];
  });
  return tableOf(
    heads.map((one) => inLocale(one, locale)),
    rows,
  );
}

/** Returns the table of the buttons on the card of a run, with the states that they stand in. */
export function buttonsTable(locale: Locale): string {
  const heads = [text('按钮', 'Button'), text('出现在', 'On the card of a run that is')];
  const rows = Object.values(runButtons).map(({ label, on }) => {
    const words = typeof label === 'function' ? label(stateOf({})) : label;
    const states = on.length === Object.keys(statuses).length ? [text('任何状态', 'in any state')] : on;
    const names = states.map((one) => (typeof one === 'string' ? one : inLocale(one, locale)));
    return [inLocale(words, locale), inLocale(listed(names), locale)];
  });
  return tableOf(
    heads.map((one) => inLocale(one, locale)),
    rows,
  );
}

/** Returns the table of the exit codes. */
export function exitTable(locale: Locale): string {
  const heads = [text('退出码', 'Exit code'), text('含义', 'Meaning')];
  return tableOf(
    heads.map((one) => inLocale(one, locale)),
    exitCodes.map(([number, meaning]) => [String(number), inLocale(meaning, locale)]),
  );
}
