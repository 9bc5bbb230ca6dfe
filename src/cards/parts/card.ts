import { isCancelling, type Promised, promiseOf } from '../../sync/state/progress.ts';
import type { Phase, State, Status } from '../../sync/state/state.ts';
import { inLocale, type Locale, type Text, text } from '../../sync/words/text.ts';
import type { Maybe } from './words.ts';

/** A card as Feishu takes it, JSON 2.0. https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure */
export type Card = Readonly<Record<string, unknown>>;

/** A part of a card whose words are still in both languages. */
export type Element = Readonly<Record<string, unknown>>;

/** Elements in their order; what is missing is left out. */
export type Elements = Maybe<Element> | readonly Elements[];

/** What a card shows around its elements. */
export interface Frame {
  readonly colour: Colour;
  readonly title: Text;
  readonly subtitle?: Text | undefined;
  /** The small label beside the title. */
  readonly tag?: Text;
  /** What chat lists and notifications show; the title when left out. */
  readonly summary?: Text;
  readonly elements: readonly Elements[];
}

/** What cards depend on besides what they show. */
export interface View {
  readonly locale: Locale;
  readonly timeZone: string;
}

/** How much of long lists and long texts a card may show. */
export interface Room {
  /** Lines a list. */
  readonly lines: number;
  /** Code points a text. */
  readonly chars: number;
}

/** Bytes of a card as sent, at most. https://open.feishu.cn/document/server-docs/im-v1/message/create */
export const maxBytes = 30_000;

/** Elements of a card at most, texts counted. https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-structure */
export const maxElements = 200;

/** What the request adds around the card: its own names and the receiver. */
const envelope = 600;

const rooms: readonly Room[] = [
  { lines: 20, chars: 200 },
  { lines: 20, chars: 80 },
  { lines: 8, chars: 80 },
];
/** Fits whatever the card holds: a test fills everything to the brim. */
const smallest: Room = { lines: 8, chars: 50 };

/** A card's bytes as sent: JSON inside a JSON string, so each quote counts twice. */
export const bytesOf = (card: Card): number =>
  new TextEncoder().encode(JSON.stringify(JSON.stringify(card))).length + envelope;

/** Makes the card with as much room as fits into {@link maxBytes}; one that is full to the brim has one language. */
export function makeCard(locale: Locale, frame: Frame | ((room: Room) => Frame)): Card {
  if (typeof frame !== 'function') return drawn(locale, frame);
  for (const room of rooms) {
    const card = drawn(locale, frame(room));
    if (bytesOf(card) < maxBytes) return card;
  }
  const oneLanguage = (name: string, value: unknown) => (name === 'i18n_content' ? undefined : value);
  return JSON.parse(JSON.stringify(drawn(locale, frame(smallest)), oneLanguage)) as Card;
}

/** One layout for all cards. Copies that somebody forwards have no working buttons. */
function drawn(locale: Locale, { colour, title, subtitle, tag, summary = title, elements }: Frame): Card {
  const label = tag && [{ tag: 'text_tag', text: { tag: 'plain_text', content: tag }, color: colour.tag }];
  const draft = {
    schema: '2.0',
    config: { update_multi: true, enable_forward_interaction: false, summary: { content: summary } },
    header: {
      template: colour.header,
      title: { tag: 'plain_text', content: title },
      ...(subtitle && { subtitle: { tag: 'plain_text', content: subtitle } }),
      ...(label && { text_tag_list: label }),
    },
    body: { vertical_spacing: 'medium', elements: flat(elements) },
  };
  return Object.fromEntries(Object.entries(draft).map(([name, item]) => [name, inLanguages(item, locale)]));
}

const isList = (value: Elements): value is readonly Elements[] => Array.isArray(value);

function flat(all: Elements): readonly Element[] {
  if (isList(all)) return all.flatMap(flat);
  return all ? [all] : [];
}

const isText = (value: unknown): value is Text =>
  typeof value === 'object' && value !== null && 'zh' in value && 'en' in value;

/**
 * Puts the words in: `content` in the language that was chosen, for clients in a third one, and where they differ
 * `i18n_content` beside it, so that everybody reads their own.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/configure-multi-language-content
 */
function inLanguages(value: unknown, locale: Locale): unknown {
  if (isText(value)) return inLocale(value, locale);
  if (Array.isArray(value)) return value.map((item) => inLanguages(item, locale));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, item]) => {
      const entry = [name, inLanguages(item, locale)] as const;
      if (name !== 'content' || !isText(item) || item.zh === item.en) return [entry];
      return [entry, ['i18n_content', { zh_cn: item.zh, en_us: item.en }] as const];
    }),
  );
}

/**
 * A header's theme and the colour of the label in it; names as Feishu lists them.
 * https://open.feishu.cn/document/uAjLw4CM/ukzMukzMukzM/feishu-cards/card-json-v2-components/content-components/title
 */
export interface Colour {
  readonly header: 'blue' | 'wathet' | 'turquoise' | 'green' | 'yellow' | 'orange' | 'red' | 'grey';
  readonly tag: 'blue' | 'wathet' | 'turquoise' | 'green' | 'yellow' | 'orange' | 'red' | 'neutral';
}

/** The whole palette. Feishu advises green for done, orange for a warning, red for an error, grey for void. */
export const colours = {
  busy: { header: 'blue', tag: 'blue' },
  resting: { header: 'wathet', tag: 'wathet' },
  planned: { header: 'turquoise', tag: 'turquoise' },
  good: { header: 'green', tag: 'green' },
  mixed: { header: 'yellow', tag: 'yellow' },
  asking: { header: 'orange', tag: 'orange' },
  bad: { header: 'red', tag: 'red' },
  over: { header: 'grey', tag: 'neutral' },
} as const satisfies Record<string, Colour>;

/** How one state of a run looks and what it is called. */
export interface Look {
  readonly colour: Colour;
  readonly label: Text;
}

const look = (colour: keyof typeof colours, zh: string, en: string): Look => ({
  colour: colours[colour],
  label: text(zh, en),
});

const phases: Readonly<Record<Phase, Look>> = {
  queued: look('resting', '排队中', 'Queued'),
  reading: look('busy', '读取中', 'Reading'),
  comparing: look('busy', '比较中', 'Comparing'),
  uploading: look('busy', '上传中', 'Uploading'),
  pausing: look('resting', '等待下一轮', 'Waiting for the next round'),
  ended: look('busy', '收尾中', 'Finishing'),
};

const statuses: Readonly<Record<Exclude<Status, 'running' | 'planned'>, Look>> = {
  done: look('good', '已完成', 'Done'),
  partial: look('mixed', '部分完成', 'Partly done'),
  failed: look('bad', '失败', 'Failed'),
  waiting: look('asking', '等待确认', 'Waiting for a decision'),
  cancelled: look('over', '已取消', 'Cancelled'),
  interrupted: look('over', '已中断', 'Interrupted'),
  expired: look('over', '已过期', 'Expired'),
};

const cancelling = look('over', '正在取消', 'Cancelling');

/** A plan is as good as what it promises. */
const plans: Readonly<Record<Promised, Look>> = {
  all: look('planned', '计划（未写入）', 'Plan (nothing written)'),
  'a-question': look('asking', '计划（会等待确认）', 'Plan (would wait for a decision)'),
  'a-part': look('mixed', '计划（有些行不能写入）', 'Plan (some rows cannot be written)'),
  nothing: look('bad', '计划（没有一行能写入）', 'Plan (no row can be written)'),
};

/** How a run looks whose program was stopped in the middle of it. */
export const stoppedLook = look('resting', '程序已停止', 'Program stopped');

/** How a run looks that has not begun. */
export const queued = phases.queued;

/** How a run looks right now. */
export function lookOf(
  state: Pick<State, 'status' | 'phase' | 'acts' | 'rows' | 'deletes' | 'waiting'>,
): Look {
  if (state.status === 'planned') return plans[promiseOf(state)];
  if (state.status !== 'running') return statuses[state.status];
  return isCancelling(state) ? cancelling : phases[state.phase];
}
