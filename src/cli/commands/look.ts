import type { Program } from '../../app.ts';
import type { AuditEntry } from '../../bot/ports.ts';
import { chunkOutcomes } from '../../sync/state/counts.ts';
import type { Actor, Chapter, State } from '../../sync/state/state.ts';
import { inLocale, type Locale, text } from '../../sync/words/text.ts';
import {
  type Answer,
  argument,
  definitionName,
  optionalArgument,
  type Shell,
  wholeOption,
} from '../command.ts';
import {
  approveCommand,
  iso,
  kinds,
  plain,
  problemLines,
  reportOf,
  runLine,
  speaking,
  whoOf,
} from '../report.ts';
import { refusedOf, type Session, sessionCommand } from '../session.ts';
import { progressLine } from '../terminal.ts';

/** Lists what goes on or waits, in whichever process, and what holds everything. */
export const status = sessionCommand({
  name: 'status',
  help: text('列出正在进行或等待确认的同步', 'list the runs in progress or waiting'),
  failed: (_, error) => ({ status: 'failed', frozen: null, spentUntil: null, runs: [], error }),
  run: async (_, { program, shell }) => standingAnswer(await program.holds.standing(), shell),
});

function standingAnswer(
  { open, frozen, spentUntil }: Awaited<ReturnType<Program['holds']['standing']>>,
  { locale, world }: Shell,
): Answer {
  const say = speaking(locale);
  const freeze = frozen ? { by: whoOf(frozen.by, say), since: iso(frozen.at) } : null;
  const spent = spentUntil === undefined ? null : iso(spentUntil);
  const lines = [
    freeze &&
      say(
        `! 全部同步已被 ${freeze.by} 冻结（${freeze.since}）`,
        `! Everything is frozen by ${freeze.by} since ${freeze.since}`,
      ),
    spent &&
      say(
        `! 本月的 API 调用额度已用完，到 ${spent} 为止`,
        `! The month’s API calls are used up until ${spent}`,
      ),
    open.length === 0 && say('现在没有同步在进行。', 'No run is in progress.'),
    ...open.map((state) => openLine(state, world.clock.now(), locale)),
  ];
  return {
    exit: 0,
    json: { status: 'ok', frozen: freeze, spentUntil: spent, runs: open.map(openJson), error: null },
    lines: lines.flatMap((line) => (line ? [plain(line)] : [])),
  };
}

const openJson = (state: State): object => ({
  ...aboutJson(state),
  status: state.status,
  phase: state.phase,
  changes: { settled: state.changes.settled, total: state.changes.total },
});

const openLine = (state: State, now: number, locale: Locale): string =>
  state.status === 'waiting'
    ? `${runLine(state, locale)} · ${approveCommand(state)}`
    : `· ${progressLine(state, now, locale)} · ${state.run}`;

/** What ran once is shown though its file is broken or gone; else the name, or the file, is what is wrong. */
async function unknownName(name: string, { program, shell }: Session): Promise<Answer | undefined> {
  try {
    await program.definitions.get(name);
    return undefined;
  } catch (error) {
    return shell.refuse(error);
  }
}

/** Lists the last runs of a definition, newest first: also of one whose file is broken or gone. */
export const history = sessionCommand({
  name: 'history',
  help: text('列出最近几次同步，最新的在前', 'list the last runs, newest first'),
  words: {
    name: definitionName,
    limit: wholeOption(
      '--limit <n>',
      text('最多多少次（默认 10）', 'how many at most (default 10)'),
      [1, 1000],
      10,
    ),
  },
  failed: ({ name }, error) => ({ status: 'failed', definition: name, runs: [], error }),
  run: async ({ name, limit }, session) => {
    const { program, shell } = session;
    const { locale } = shell;
    const refused = await refusedOf(name, { right: 'look', what: 'history' }, session);
    if (refused) return refused;
    const runs = await program.runs.latest(name, limit);
    const unknown = runs.length === 0 ? await unknownName(name, session) : undefined;
    if (unknown) return unknown;
    const none = inLocale(text('还没有运行过。', 'It has never run.'), locale);
    return {
      exit: 0,
      json: {
        status: 'ok',
        definition: name,
        runs: runs.map((state) => ({ ...reportOf(state, locale), ...aboutJson(state) })),
        error: null,
      },
      lines: runs.length === 0 ? [none] : runs.flatMap((state) => historyLines(state, locale)),
    };
  },
});

const historyLines = (state: State, locale: Locale): readonly string[] => [
  runLine(state, locale),
  ...(state.error ? problemLines(state.error, locale).map((line) => `    ${line}`) : []),
];

const aboutJson = ({ run, definition, startedAt, endedAt, acts }: State): object => ({
  ...{ run, definition, startedAt: iso(startedAt), endedAt: endedAt === null ? null : iso(endedAt) },
  by: byJson(acts.find(({ op }) => op === 'start')?.by),
});

/** Tells what the last runs did with the row of a key. */
export const why = sessionCommand({
  name: 'why',
  help: text('最近几次同步对某个主键做了什么', 'what the last runs did with the row of a key'),
  words: {
    name: definitionName,
    key: argument('<key...>', text('主键；多列时用 / 隔开', 'the key; several parts with / between them')),
  },
  failed: ({ name, key }, error) => ({
    status: 'failed',
    ...{ definition: name, key, record: null, runs: [], error },
  }),
  run: async ({ name, key }, session) => {
    const { program, shell } = session;
    const { locale } = shell;
    const refused = await refusedOf(name, { right: 'look', what: 'why' }, session);
    if (refused) return refused;
    const { chapters, record } = await program.tables.story(name, key);
    const unknown = chapters.length === 0 ? await unknownName(name, session) : undefined;
    if (unknown) return unknown;
    const isKnown =
      record !== undefined || chapters.some(({ told }) => told.kind === 'change' || told.kind === 'bad');
    const last = text(`最后确认写入的记录：${record}`, `Last confirmed in record ${record}`);
    return {
      exit: 0,
      json: {
        status: 'ok',
        ...{ definition: name, key, record: record ?? null },
        runs: chapters.map((one) => chapterJson(one, locale)),
        error: null,
      },
      lines: [
        ...(isKnown ? [] : [inLocale(neverWritten, locale)]),
        ...chapters.map((one) => chapterLine(one, locale)),
        ...(record === undefined ? [] : [inLocale(last, locale)]),
      ].map(plain),
    };
  },
});

const neverWritten = text(
  '最近几次运行里没有写过这个主键：两边一直相同，或查询里没有它。请检查主键的写法。',
  'None of the last runs wrote this key: it was equal on both sides, or the query has no such row. Check how the key is written.',
);

function chapterJson({ run, at, by, told }: Chapter, locale: Locale): object {
  const about = { run, at: iso(at), by: byJson(by), told: told.kind };
  if (told.kind === 'bad') {
    const { kind, field = null, code = null, reason } = told.row;
    return { ...about, kind, field, code, reason: inLocale(reason, locale) };
  }
  if (told.kind !== 'change') return about;
  const { chunk, status, sentAt, sample, code, message } = told;
  return {
    ...{ ...about, kind: sample.kind, cells: sample.cells, chunk, status, code, message },
    sentAt: sentAt === null ? null : iso(sentAt),
  };
}

const chapterLine = ({ run, at, by, told }: Chapter, locale: Locale): string =>
  [`${iso(at)}  ${run}`, ...(by ? [whoOf(by, speaking(locale))] : []), ...toldWords(told, locale)].join(
    ' · ',
  );

function toldWords(told: Chapter['told'], locale: Locale): readonly string[] {
  const say = speaking(locale);
  const colon = say('：', ': ');
  switch (told.kind) {
    case 'quiet':
      return [say('没有要写的', 'nothing to write')];
    case 'forgotten':
      return [say('没有保留计划', 'its plan was not kept')];
    case 'bad': {
      const { field, reason } = told.row;
      return [
        say('没有发送', 'not sent'),
        `${field === undefined ? '' : `${field}${colon}`}${inLocale(reason, locale)}`,
      ];
    }
    case 'change': {
      const { chunk, status, sample, code, message } = told;
      const cells = sample.cells.map(({ field, from, to }) => {
        const only = sample.kind === 'create' ? to : from;
        return `${field}${colon}${sample.kind === 'update' ? `${from} → ${to}` : only}`;
      });
      const said = `${code ?? ''} ${message}`.trim();
      const outcome = inLocale(chunkOutcomes[status], locale);
      return [say(kinds[sample.kind], sample.kind), outcome, chunk, ...cells, ...(said === '' ? [] : [said])];
    }
  }
}

const byJson = (by: Actor | undefined): object | null =>
  by === undefined ? null : { kind: by.kind, who: by.openId ?? by.user ?? null };

/** Lists who asked for what. */
export const audit = sessionCommand({
  name: 'audit',
  help: text(
    '列出谁在聊天里和命令行上要求过什么、是否被允许，最新的在前',
    'list who asked for what, in the chats and in the shell, and whether it was allowed, newest first',
  ),
  words: {
    name: optionalArgument('[name]', definitionName.help),
    limit: wholeOption(
      '--limit <n>',
      text('最多多少条（默认 50）', 'how many at most (default 50)'),
      [1, 10_000],
      50,
    ),
  },
  failed: (_, error) => ({ status: 'failed', entries: [], error }),
  run: async ({ name, limit }, { program, shell }) =>
    auditAnswer(await program.acts.audit(name, limit), shell.locale),
});

const auditAnswer = (entries: readonly AuditEntry[], locale: Locale): Answer => ({
  exit: 0,
  json: { status: 'ok', entries: entries.map(entryJson), error: null },
  lines:
    entries.length === 0
      ? [inLocale(text('还没有记录。', 'Nothing yet.'), locale)]
      : entries.map((one) => plain(entryLine(one, locale))),
});

function entryLine(
  { at, by, via, what, definition, run, allowed, chat }: AuditEntry,
  locale: Locale,
): string {
  const say = speaking(locale);
  const who = via === 'cli' ? say(`命令行（${by}）`, `the command line (${by})`) : `${by}  ${via}`;
  const words = [iso(at), who, what, definition, run, chat, allowed ? '' : say('被拒绝', 'refused')];
  return words.filter(Boolean).join('  ');
}

const entryJson = ({ at, by, chat, via, what, definition, run, allowed }: AuditEntry): object => ({
  ...{ at: iso(at), by, chat, via, what, allowed },
  definition: definition === '' ? null : definition,
  run: run === '' ? null : run,
});
