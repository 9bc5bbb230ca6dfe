import { expect, it } from 'vitest';
import { type Failure, problemOf } from '../../../src/sync/words/failure.ts';

const failure = (more: Partial<Failure>): Failure => ({
  how: 'threw',
  code: null,
  message: 'ECONNREFUSED',
  verdict: 'round',
  mayHaveHappened: false,
  ...more,
});

it.each([
  [{ silence: 'unreached' }, 'threw', 'Feishu could not be reached: ECONNREFUSED'],
  [{ silence: 'unanswered' }, 'threw', 'Feishu did not answer: ECONNREFUSED'],
  [{ status: 502, message: 'HTTP 502' }, 'threw', "Feishu's answer was not whole: HTTP 502"],
  [
    { how: 'answered', code: 91403, message: 'Forbidden' },
    '91403',
    'Feishu answered with the error 91403: Forbidden',
  ],
  [
    { how: 'answered', code: 91403, message: 'Forbidden', what: { zh: '没有权限', en: 'The app may not' } },
    '91403',
    'The app may not (Feishu error 91403: Forbidden)',
  ],
] as const)('a call that failed by %j is told as what it was', (more, code, en) => {
  expect(problemOf(failure(more))).toMatchObject({ code, message: { en } });
});
