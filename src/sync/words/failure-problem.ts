import type { Failure } from './failure.ts';
import type { Problem } from './problem.ts';
import { type Text, text } from './text.ts';

/** A failed call in words for the person who can act. */
export const problemOf = (failure: Failure): Problem => ({
  code: codeWord(failure),
  message: said(failure),
  cure: failure.cure ?? later,
  ...(failure.logId === undefined ? {} : { logId: failure.logId }),
});

/** Feishu's code as a word for programs, or `threw` when no answer with a code came back. */
export const codeWord = ({ code, how }: Pick<Failure, 'code' | 'how'>): string =>
  code === null ? how : String(code);

const later = text(
  '请稍后再试；如果一直这样，把日志 ID 发给飞书支持。',
  'Try again later; if it stays, give the log ID to Feishu support.',
);

function said({ code, message, silence, what }: Failure): Text {
  if (code !== null && what) {
    return text(
      `${what.zh}（飞书错误 ${code}：${message}）`,
      `${what.en} (Feishu error ${code}: ${message})`,
    );
  }
  if (code !== null) {
    return text(`飞书返回错误 ${code}：${message}`, `Feishu answered with the error ${code}: ${message}`);
  }
  const { zh, en } = what ?? silences[silence ?? 'half'];
  return text(`${zh}：${message}`, `${en}: ${message}`);
}

const silences = {
  unreached: text('连不上飞书', 'Feishu could not be reached'),
  unanswered: text('飞书没有应答', 'Feishu did not answer'),
  half: text('飞书的应答不完整', "Feishu's answer was not whole"),
} as const;
