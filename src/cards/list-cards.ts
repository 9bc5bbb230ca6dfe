import { isEqual, type Verified, verifiedLines } from '../sync/state/checked.ts';
import { chunkOutcomes } from '../sync/state/counts.ts';
import type { Actor, Chapter, State, Story } from '../sync/state/state.ts';
import type { Problem } from '../sync/words/problem.ts';
import { count, type Locale, type Text, text } from '../sync/words/text.ts';
import {
  type Card,
  colours,
  type Element,
  type Elements,
  type Look,
  lookOf,
  makeCard,
  type Room,
  type View,
} from './parts/card.ts';
import {
  aside,
  buttonRow,
  commandButton,
  line,
  lines,
  moreLine,
  rich,
  say,
  syncButton,
  who,
  withButton,
} from './parts/element.ts';
import { joined, moment, percent, plain, plainText, same, some } from './parts/words.ts';
import { numbersLine, sampleLine } from './run-outcome.ts';

/** A saved sync as listed: one that can run, with its newest run, or one whose file is broken. */
export type Listed =
  | {
      readonly name: string;
      readonly title: string;
      readonly last: State | undefined;
      /** When it runs by itself next (ms); nothing where it does not. */
      readonly nextRun?: number | undefined;
      /** Whether its schedule is paused. */
      readonly paused?: boolean;
      /** Whoever asks may not sync it: it gets no button. */
      readonly closed?: boolean;
    }
  | { readonly name: string; readonly problems: readonly Problem[] };

/** Lists the saved syncs, a button each. */
export function listCard(
  all: readonly Listed[],
  { locale, timeZone, still = {} }: View & { readonly still?: GlobalHold },
): Card {
  return makeCard(locale, (room) => {
    const left = all.length - room.lines;
    return {
      colour: isHeld(still) ? colours.asking : colours.busy,
      title: text(`同步列表 · ${count(all.length)} 个`, `Syncs · ${count(all.length)}`),
      elements: [
        holdLines(still, timeZone),
        all.slice(0, room.lines).map((one, at) => entry(one, at, timeZone, room)),
        left > 0 &&
          say(
            `… 还有 ${count(left)} 个，发送 /sync 加名称开始`,
            `… and ${count(left)} more: send /sync and the name`,
          ),
        all.length === 0 &&
          say(
            '还没有：请在定义文件夹放 YAML 文件。',
            'None yet: put a YAML file into the definitions folder.',
          ),
      ],
    };
  });
}

function entry(one: Listed, at: number, timeZone: string, room: Room): Element {
  const name = plain(one.name, 40);
  if ('problems' in one) {
    const what = one.problems[0]?.message ?? text('文件有问题', 'the file is broken');
    return lines([same(name), plainText(what, room.chars)], { colour: 'red' });
  }
  const { last, nextRun, paused } = one;
  const title = plain(one.title, 40);
  const next = nextRun === undefined ? undefined : moment(nextRun, timeZone);
  const words = lines([
    same(title === name ? name : `${title} · ${name}`),
    last
      ? joined([lookOf(last).label, same(moment(last.endedAt ?? last.startedAt, timeZone))], ' · ')
      : text('还没有运行过', 'never run'),
    next !== undefined &&
      (paused ? text('定时已暂停', 'schedule paused') : text(`下次运行 ${next}`, `next run ${next}`)),
  ]);
  return one.closed ? words : withButton(words, syncButton(one.name, at, text('同步', 'Sync')));
}

/** What holds everything at this moment. */
export interface GlobalHold {
  /** Who has frozen everything, and since when (ms). */
  readonly frozen?: { readonly by: Actor; readonly at: number } | undefined;
  /** Until when the month's calls are used up, in ms. */
  readonly spentUntil?: number | undefined;
}

/** Whether anything does. */
const isHeld = ({ frozen, spentUntil }: GlobalHold): boolean =>
  frozen !== undefined || spentUntil !== undefined;

/** Says what holds everything; nothing where nothing does. */
function holdLines({ frozen, spentUntil }: GlobalHold, timeZone: string): readonly Elements[] {
  const by = frozen && joined([who(frozen.by), same(moment(frozen.at, timeZone))], ' · ');
  const until = spentUntil === undefined ? undefined : moment(spentUntil, timeZone);
  return [
    by &&
      rich(
        text(
          `**全部同步已被冻结** · ${by.zh} · /sync thaw 解冻`,
          `**Everything is frozen** · ${by.en} · /sync thaw ends that`,
        ),
      ),
    until !== undefined &&
      say(
        `本月的 API 调用额度已用完，定时任务停到 ${until}。`,
        `The month’s API calls are used up; schedules are paused until ${until}.`,
        { colour: 'orange' },
      ),
  ];
}

/** Shows what goes on or waits at this moment: who holds which table, since when, and how far it is. */
export function statusCard(open: readonly State[], still: GlobalHold, { locale, timeZone }: View): Card {
  return makeCard(locale, (room) => {
    const most = Math.min(room.lines, 15);
    return {
      colour: isHeld(still) ? colours.asking : colours.busy,
      title: text(`正在进行 · ${count(open.length)} 个`, `In progress · ${count(open.length)}`),
      elements: [
        holdLines(still, timeZone),
        open.slice(0, most).map((state, at) => goingOn(state, at, timeZone)),
        open.length === 0 && say('现在没有同步在进行。', 'No sync is running.'),
        moreLine(open.length - most),
      ],
    };
  });
}

function goingOn(state: State, at: number, timeZone: string): readonly Element[] {
  const started = state.acts.find(({ op }) => op === 'start');
  const { settled, total } = state.changes;
  const { rows, records } = state.reading;
  const facts = [
    lookOf(state).label,
    total > 0 &&
      text(
        `${percent(settled, total)}%（${count(settled)}/${count(total)}）`,
        `${percent(settled, total)}% (${count(settled)} of ${count(total)})`,
      ),
    total === 0 &&
      rows + records > 0 &&
      text(
        `已读 ${count(rows)} 行、${count(records)} 条记录`,
        `${count(rows)} rows and ${count(records)} records read`,
      ),
    started && who(started.by),
    same(moment(state.startedAt, timeZone)),
  ];
  const name = line(same(`${plain(state.title, 40)} · ${plain(state.definition, 40)}`));
  return [
    withButton(name, commandButton('cancel', state.definition, at, text('取消', 'Cancel'))),
    rich(joined(facts, ' · '), 'notation'),
  ];
}

/** Lists the last runs of a definition: how they ended, their numbers, who started them, when and how. */
export function historyCard(title: string, definition: string, runs: readonly State[], view: View): Card {
  const { length } = runs;
  const name = plain(title, 40);
  return makeCard(view.locale, ({ chars }) => ({
    colour: colours.busy,
    title: text(`${name} · 最近 ${length} 次`, `${name} · last ${some(length, 'run')}`),
    elements: [
      runs.slice(0, 10).map((run) => rich(runLine(run, view.timeZone), 'notation')),
      runs[0]?.error && line(plainText(runs[0].error.message, chars), { size: 'notation', colour: 'red' }),
      length === 0 && say('还没有运行过。', 'It has never run.'),
      buttonRow([commandButton('sync', definition, 0, text('同步', 'Sync'))]),
    ],
  }));
}

function runLine(run: State, timeZone: string): Text {
  const by = run.acts.find(({ op }) => op === 'start')?.by;
  const { zh, en } = lookOf(run).label;
  const facts = [
    text(`**${zh}**`, `**${en}**`),
    same(moment(run.endedAt ?? run.startedAt, timeZone)),
    by && who(by),
    by && ways[by.kind],
    numbersLine(run),
  ];
  return joined(facts, ' · ');
}

const ways: Readonly<Record<Actor['kind'], Text>> = {
  chat: text('消息', 'by message'),
  button: text('按钮', 'by button'),
  schedule: text('定时', 'by schedule'),
  cli: text('命令行', 'on the command line'),
};

/** Tells what the latest runs did with one row: read when, sent what, answered what, by whose wish. */
export function storyCard(title: string, key: string, { chapters, record }: Story, view: View): Card {
  const head = text(`${plain(title, 40)} · 一行的来龙去脉`, `${plain(title, 40)} · one row`);
  const known =
    record !== undefined || chapters.some(({ told }) => told.kind === 'change' || told.kind === 'bad');
  const last = record === undefined ? undefined : plain(record, 40);
  return makeCard(view.locale, (room) => ({
    colour: known ? colours.busy : colours.resting,
    title: head,
    subtitle: same(plain(key, 60)),
    elements: [
      !known &&
        say(
          '最近几次运行里没有写过这个主键：两边一直相同，或查询里没有它。请检查主键的写法。',
          'None of the latest runs wrote this key: it was equal on both sides, or the query has no such row. Check how the key is written.',
        ),
      chapters.map((one) => chapterOf(one, view.timeZone, room)),
      last !== undefined && say(`最后确认写入的记录：${last}`, `Last confirmed in record ${last}.`),
    ],
  }));
}

function chapterOf({ run, told, at, by }: Chapter, timeZone: string, room: Room): readonly Element[] {
  const when = same(`**${moment(at, timeZone)}**`);
  return [
    rich(joined([when, by && who(by)], ' · '), 'notation'),
    lines(chapterLines(told, plain(run, 40), timeZone, room), aside),
  ];
}

function chapterLines(told: Chapter['told'], run: string, timeZone: string, { chars }: Room) {
  if (told.kind === 'quiet') return [text(`没有要写的 · ${run}`, `nothing to write · ${run}`)];
  if (told.kind === 'forgotten') return [text(`没有保留计划 · ${run}`, `its plan was not kept · ${run}`)];
  if (told.kind === 'bad') {
    const field = told.row.field === undefined ? '' : plain(told.row.field, 40);
    const reason = plainText(told.row.reason, chars);
    const why = field === '' ? reason : text(`${field}：${reason.zh}`, `${field}: ${reason.en}`);
    return [text(`没有发送 · ${run}`, `not sent · ${run}`), why];
  }
  const { status, chunk, sentAt, sample, code, message } = told;
  const sent = sentAt === null ? undefined : same(moment(sentAt, timeZone, true));
  const said = plain(`${code ?? ''} ${message}`.trim(), chars);
  return [
    joined([chunkOutcomes[status], sent, same(plain(chunk, 20)), same(run)], ' · '),
    sampleLine(sample, Math.ceil(chars / 8)),
    said !== '' && same(said),
  ];
}

/** Tells that both sides are being read. */
export const verifyingCard = (title: string, locale: Locale): Card =>
  verifying(title, { colour: colours.busy, label: text('正在核对', 'Verifying') }, [reading], locale);

const reading = text(
  '正在读取两边并逐个主键比较，不会写入。',
  'Reading both sides and comparing them key by key; nothing is written.',
);

/** What a verification came to; the keys themselves are in the file. */
export function verifyCard(title: string, seen: Verified, locale: Locale): Card {
  const all = Object.values(seen.counts).reduce((sum, one) => sum + one, seen.leftAlone);
  const look = isEqual(seen)
    ? { colour: colours.good, label: text('两边一致', 'Equal') }
    : { colour: colours.asking, label: text('两边不同', 'Different') };
  return verifying(title, look, [...verifiedLines(seen), ...(all === 0 ? [] : [inFile])], locale);
}

const inFile = text(
  '各主键的结果已私聊发给核对的人。',
  'The list of keys went as a file to the person who asked.',
);

function verifying(title: string, { colour, label }: Look, all: readonly Text[], locale: Locale): Card {
  const [first = label, ...others] = all.map((one) => plainText(one, 400));
  const elements = [line(first), others.length > 0 && lines(others)];
  return makeCard(locale, { colour, title: same(plain(title, 60)), tag: label, summary: label, elements });
}
