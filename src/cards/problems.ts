import type { Problem } from '../sync/problem.ts';
import { type Text, text } from '../sync/text.ts';
import type { Element } from './card.ts';
import { line, lines } from './element.ts';
import { head, type Room } from './fit.ts';
import { plain, plainText, same } from './plain.ts';

/** What is wrong, and below it what to do; all problems, as far as there is room. */
export function problemElements(problems: readonly Problem[], room: Room): readonly Element[] {
  const { shown, more } = head(problems, Math.ceil(room.lines / 2));
  return [
    ...shown.flatMap((one) => [line(plainText(one.message, room.chars * 2)), cure(one, room)]),
    ...(more === 0 ? [] : [line(text(`… 还有 ${more} 个问题`, `… and ${more} more problems`))]),
  ];
}

function cure(one: Problem, room: Room): Element {
  const todo = plainText(one.cure, room.chars * 2);
  const more: readonly (readonly [string | undefined, Text])[] = [
    [one.where, text('位置', 'Where')],
    [one.logId, text('日志 ID', 'Log ID')],
  ];
  return lines(
    [
      text(`→ ${todo.zh}`, `→ ${todo.en}`),
      ...more.flatMap(([value, name]) => {
        if (value === undefined) return [];
        const { zh } = same(plain(value, 80));
        return [text(`${name.zh}：${zh}`, `${name.en}: ${zh}`)];
      }),
    ],
    { colour: 'grey' },
  );
}
