import type { Actor } from '../sync/state.ts';
import { text } from '../sync/text.ts';
import { moment } from './amounts.ts';
import type { Element } from './card.ts';
import { line, rich, who } from './element.ts';

/** What holds everything at this moment. */
export interface Standstill {
  /** Who has frozen everything, and since when (ms). */
  readonly frozen?: { readonly by: Actor; readonly at: number } | undefined;
  /** Until when the month's calls are used up, in ms. */
  readonly spentUntil?: number | undefined;
}

/** Whether anything does. */
export const isStill = ({ frozen, spentUntil }: Standstill): boolean =>
  frozen !== undefined || spentUntil !== undefined;

/** Says what holds everything; nothing where nothing does. */
export function standstill({ frozen, spentUntil }: Standstill, timeZone: string): readonly Element[] {
  const at = (time: number): string => moment(time, timeZone);
  return [
    ...(frozen === undefined
      ? []
      : [
          rich(
            text(
              `**全部同步已被冻结** · ${who(frozen.by).zh} · ${at(frozen.at)} · /sync thaw 解冻`,
              `**Everything is frozen** · ${who(frozen.by).en} · ${at(frozen.at)} · /sync thaw lets it go on`,
            ),
          ),
        ]),
    ...(spentUntil === undefined
      ? []
      : [
          line(
            text(
              `本月的 API 调用额度已用完，定时任务停到 ${at(spentUntil)}。`,
              `The month’s API calls are used up; schedules stand still until ${at(spentUntil)}.`,
            ),
            { colour: 'orange' },
          ),
        ]),
  ];
}
