import { ProblemError } from '../sync/problem.ts';
import type { Actor, State } from '../sync/state.ts';
import type { Chapter } from '../sync/story.ts';
import { inLocale, type Locale, text } from '../sync/text.ts';
import { refusedOf } from './allowed.ts';
import { type Answer, refusal } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { problemLines, progressLine, runLine } from './draw.ts';
import { approveCommand, reportOf } from './report.ts';
import { plain } from './words.ts';

/** Lists what goes on or waits, in whichever process, and what holds everything. */
export async function status({ program, clock, locale }: Desk): Promise<Answer> {
  const { open, frozen, spentUntil } = await program.standing();
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
  const by = frozen && whoOf(frozen.by);
  const since = frozen && iso(frozen.at);
  const spent = spentUntil === undefined ? null : iso(spentUntil);
  const held = [
    ...(frozen
      ? [say(`! 全部同步已被 ${by} 冻结（${since}）`, `! Everything is frozen by ${by} since ${since}`)]
      : []),
    ...(spent
      ? [
          say(
            `! 本月的 API 调用额度已用完，到 ${spent} 为止`,
            `! The month’s API calls are used up until ${spent}`,
          ),
        ]
      : []),
  ];
  const none = say('现在没有同步在进行。', 'No run is in progress.');
  return {
    exit: 0,
    json: {
      status: 'ok',
      frozen: frozen ? { by, since } : null,
      spentUntil: spent,
      runs: open.map((state) => openJson(state)),
      error: null,
    },
    lines: [
      ...held,
      ...(open.length === 0 ? [none] : open.map((state) => openLine(state, clock.now(), locale))),
    ].map(plain),
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
async function unknownName(
  command: Extract<Command, { kind: 'history' | 'why' }>,
  { program, locale }: Desk,
): Promise<Answer | undefined> {
  try {
    await program.definitions.get(command.name);
    return undefined;
  } catch (error) {
    return refusal(command, error, error instanceof ProblemError ? 2 : 1, locale);
  }
}

/** Lists the last runs of a definition, newest first: also of one whose file is broken or gone. */
export async function history(command: Extract<Command, { kind: 'history' }>, desk: Desk): Promise<Answer> {
  const { program, locale } = desk;
  const { name, limit } = command;
  const refused = await refusedOf(command, { right: 'look', what: 'history' }, desk);
  if (refused) return refused;
  const runs = await program.runs.latest(name, limit);
  const unknown = runs.length === 0 ? await unknownName(command, desk) : undefined;
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
}

const historyLines = (state: State, locale: Locale): readonly string[] => [
  runLine(state, locale),
  ...(state.error ? problemLines(state.error, locale).map((line) => `    ${line}`) : []),
];

const aboutJson = ({ run, definition, startedAt, endedAt, acts }: State): object => ({
  run,
  definition,
  startedAt: iso(startedAt),
  endedAt: endedAt === null ? null : iso(endedAt),
  by: byJson(acts.find(({ op }) => op === 'start')?.by),
});

/** Tells what the last runs did with the row of a key. */
export async function why(command: Extract<Command, { kind: 'why' }>, desk: Desk): Promise<Answer> {
  const { program, locale } = desk;
  const { name, key } = command;
  const refused = await refusedOf(command, { right: 'look', what: 'why' }, desk);
  if (refused) return refused;
  const { chapters, record } = await program.story(name, key);
  const unknown = chapters.length === 0 ? await unknownName(command, desk) : undefined;
  if (unknown) return unknown;
  const known =
    record !== undefined || chapters.some(({ told }) => told.kind === 'change' || told.kind === 'bad');
  return {
    exit: 0,
    json: {
      status: 'ok',
      ...{ definition: name, key, record: record ?? null },
      runs: chapters.map((one) => chapterJson(one, locale)),
      error: null,
    },
    lines: [
      ...(known ? [] : [inLocale(neverWritten, locale)]),
      ...chapters.flatMap((one) => chapterLines(one, locale)),
      ...(record === undefined
        ? []
        : [inLocale(text(`最后确认写入的记录：${record}`, `Last confirmed in record ${record}`), locale)]),
    ].map((line) => plain(line)),
  };
}

const neverWritten = text(
  '最近几次运行里没有写过这个主键：两边一直相同，或查询里没有它。请检查主键的写法。',
  'None of the last runs wrote this key: it was equal on both sides, or the query has no such row. Check how the key is written.',
);

function chapterJson({ run, at, by, told }: Chapter, locale: Locale): object {
  const about = { run, at: iso(at), by: byJson(by), told: told.kind };
  if (told.kind === 'bad')
    return {
      ...about,
      ...{ kind: told.row.kind, field: told.row.field ?? null, code: told.row.code ?? null },
      reason: inLocale(told.row.reason, locale),
    };
  if (told.kind !== 'change') return about;
  const { chunk, status: came, sentAt, sample, code, message } = told;
  return {
    ...about,
    ...{ kind: sample.kind, cells: sample.cells, chunk, status: came, code, message },
    sentAt: sentAt === null ? null : iso(sentAt),
  };
}

function chapterLines({ run, at, by, told }: Chapter, locale: Locale): readonly string[] {
  const say = (zh: string, en: string): string => inLocale(text(zh, en), locale);
  const head = `${iso(at)}  ${run}${by ? ` · ${whoOf(by)}` : ''}`;
  if (told.kind === 'quiet') return [`${head} · ${say('没有要写的', 'nothing to write')}`];
  if (told.kind === 'forgotten') return [`${head} · ${say('没有保留计划', 'its plan was not kept')}`];
  if (told.kind === 'bad') {
    const field = told.row.field === undefined ? '' : `${told.row.field}: `;
    return [`${head} · ${say('没有发送', 'not sent')} · ${field}${inLocale(told.row.reason, locale)}`];
  }
  const { chunk, status: came, sample, code, message } = told;
  const cells = sample.cells.map(({ field, from, to }) =>
    sample.kind === 'update'
      ? `${field}: ${from} → ${to}`
      : `${field}: ${sample.kind === 'create' ? to : from}`,
  );
  const said = `${code ?? ''} ${message}`.trim();
  return [
    [`${head} · ${sample.kind} ${came} · ${chunk}`, ...cells, ...(said === '' ? [] : [said])].join(' · '),
  ];
}

const iso = (at: number): string => new Date(at).toISOString();
const whoOf = ({ openId, user, kind }: Actor): string => openId ?? user ?? kind;
const byJson = (by: Actor | undefined): object | null =>
  by === undefined ? null : { kind: by.kind, who: by.openId ?? by.user ?? null };
