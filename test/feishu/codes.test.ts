import { expect, it } from 'vitest';
import { problemCard } from '../../src/cards/answer-cards.ts';
import { problemLines } from '../../src/cli/report.ts';
import { type CodeEntry, codes } from '../../src/feishu/calls/codes.ts';
import { failureOf } from '../../src/feishu/calls/failure.ts';
import { type Meaning, meanings } from '../../src/feishu/calls/meanings.ts';
import { problemOf, type Verdict } from '../../src/sync/words/failure.ts';
import { text } from '../../src/sync/words/text.ts';
import { wordsOf } from '../cards/read.ts';

const range = (from: number, to: number, ...without: readonly number[]): number[] =>
  Array.from({ length: to - from + 1 }, (_, at) => from + at).filter((code) => !without.includes(code));

/** All codes of the record and field pages of Bitable, of the gateway, and of messages that matter for showing. */
const documented: readonly number[] = [
  ...range(1254000, 1254050, 1254017, 1254035),
  ...range(1254060, 1254074, 1254071, 1254073),
  ...range(1254080, 1254096),
  ...range(1254100, 1254112),
  ...[1254130, 1254200, 1254290, 1254291, 1254292],
  ...range(1254301, 1254306),
  ...[1254606, 1254607, 1254608, 1254701, 1254702, 1254800],
  ...range(1255001, 1255006),
  ...[1255040, 91402, 91403, 99991400, 99991401, 99991403, 99992402, 9499, 1500, 1551, 2200],
  ...[99991661, 99991662, 99991663, 99991664, 99991665, 99991668, 99991669],
  ...[99991671, 99991672, 99991673, 99991676, 99991677, 99991679, 99991543],
  ...[10003, 10005, 10012, 10013, 10014, 10015],
  ...[131001, 131002, 131004, 131005, 131006, 131007],
  ...[11232, 11233, 11247, 230001, 230002, 230006, 230011, 230013, 230017, 230018, 230019, 230020],
  ...[230022, 230025, 230027, 230028, 230029, 230031, 230034, 230035, 230049, 230053, 230054, 230055],
  ...[230075, 230099, 230110, 232006, 232009, 232011],
  ...[234001, 234006, 234010],
  ...[40001, 40004, 41050, 99992360, 99992364, 99992381],
];

it('has a verdict for every documented code', () => {
  expect(documented.filter((code) => !codes.has(code))).toEqual([]);
  expect(documented.length).toBeGreaterThan(150);
});

it('lists no code twice', () => {
  const entries = [...codes.values()];
  expect(new Set(entries.map((entry) => entry.code)).size).toBe(entries.length);
  expect(codes.size).toBe(documented.length + 2);
});

it('has a headline in words for everything but faults of our own and what cards and tokens get', () => {
  const { request, passing, split, message, content } = meanings;
  const silent = new Set([request, passing, split, message, content].map(({ cure }) => cure));
  const bare = [...codes.values()].filter(({ what, cure }) => what === undefined && !silent.has(cure));
  expect(bare.map(({ code }) => code)).toEqual([]);
});

it('a code that is new has its verdict, and its headline and cure on the card and in the shell', () => {
  const asleep: CodeEntry = {
    code: 1259999,
    verdict: 'stop',
    what: text('多维表格在睡觉', 'The base is asleep'),
    cure: text('请叫醒它。', 'Wake it up.'),
    mayHaveHappened: false,
    pause: 7,
  };
  const answer = { status: 200, headers: {}, json: { code: 1259999, msg: 'BaseAsleep' } };
  expect(failureOf(answer, true)).toMatchObject({ verdict: 'unknown', mayHaveHappened: true });
  const failure = failureOf(answer, true, new Map([...codes, [asleep.code, asleep]]));
  expect(failure).toMatchObject({ verdict: 'stop', retryAfter: 7, mayHaveHappened: false });
  const problem = problemOf(failure);
  for (const shown of [
    problemLines(problem, 'en-US').join('\n'),
    wordsOf(problemCard('orders', [problem], 'en-US')),
  ]) {
    expect(shown).toContain('The base is asleep (Feishu error 1259999: BaseAsleep)');
    expect(shown).toContain('Wake it up.');
  }
});

it('a code that is not told of is refused by the type checker', () => {
  const whole = { code: 1, verdict: 'stop', ...meanings.grant, mayHaveHappened: false } as const;
  const { cure: _, ...mute } = whole;
  // @ts-expect-error nothing says what to do about it
  const half: CodeEntry = mute;
  // @ts-expect-error no run knows what to do then
  const strange: CodeEntry = { ...whole, verdict: 'sleep' };
  // @ts-expect-error nothing says whether it needs a headline
  const bare: Meaning = { cure: meanings.grant.cure };
  expect([half.code, strange.code, bare.cure]).toEqual([1, 1, meanings.grant.cure]);
});

it.each([
  [1254014, 'nameTaken'],
  [1254013, 'nameTaken'],
  [1254029, 'badName'],
  [1254087, 'newField'],
  [1254012, 'newField'],
  [1254291, 'conflict'],
  [1254290, 'busy'],
  [1254305, 'policy'],
  [99992361, 'openId'],
  [91403, 'grant'],
] as const)('%i is for the person who can act: %s', (code, cure) => {
  expect(codes.get(code)?.cure).toBe(meanings[cure].cure);
});

it('says in both languages what to do', () => {
  for (const { cure } of codes.values()) {
    expect(cure.zh).toMatch(/[\u4e00-\u9fff]/);
    expect(cure.en).not.toMatch(/[\u4e00-\u9fff]/);
  }
});

/**
 * What a run does for each code of tables and of the gateway, as their pages tell it:
 * https://open.feishu.cn/document/server-docs/docs/bitable-v1/app-table-record/batch_create and its siblings,
 * https://open.feishu.cn/document/server-docs/api-call-guide/generic-error-code. Every code stands in one line.
 */
const told: readonly (readonly [verdict: Verdict, what: string, codes: readonly number[]])[] = [
  ['wait', 'too many requests, or in conflict with another write', [1254112, 1254290, 1254291, 99991400]],
  ['wait', 'not ready: waits, then in smaller parts', [1254607]],
  ['wait', 'the same request is being worked on', [1254608]],
  ['wait', 'being copied: waits for long', [1254036]],
  ['round', 'a fault of their own, or too much for one call', [1254002, 1255040]],
  ['round', 'a fault of their own', [1254200, ...range(1255001, 1255005), 1500, 1551, 2200]],
  ['settle', 'its token is refused, or nothing was left to change: read back', [1255006, 1254037, 1254606]],
  ['smaller', 'too many records, or too large an answer', [1254030, 1254104]],
  ['gone', 'the record is gone', [1254043]],
  [
    'reread',
    'no such field, by ID or by name: the fields are read again',
    [1254009, 1254024, 1254044, 1254045],
  ],
  ['values', 'one record is wrong', [1254006, 1254007]],
  ['values', 'a value does not fit its field', [1254015, ...range(1254060, 1254068), 1254072, 1254074]],
  ['values', 'a cell holds too much', [1254106, 1254130]],
  ['values', 'an attachment that the base does not have', [1254027, 1254069, 1254303]],
  ['stop', 'no such base or table', [1254003, 1254004, 1254040, 1254041, 1254702, 91402]],
  [
    'stop',
    'no right on the base or the table',
    [91403, ...range(1254301, 1254302), 1254304, 1254305, 1254701],
  ],
  ['stop', 'a limit of the plan, or of the base', [...range(1254100, 1254103), 1254105, 1254292, 1254306]],
  ['stop', 'a limit of the base that no write meets', range(1254109, 1254111)],
  ['stop', 'the calls of the month are used up', [99991403]],
  ['stop', 'the app lacks a right, or may not call from here', [99991401, 99991672, 99991676, 99991679]],
  ['stop', 'the app is not there', [99991662, 99991673, 10014]],
  ['stop', 'app ID, secret or token are wrong', [10003, 10005, 10012, 10013, 10015, 99991543]],
  [
    'stop',
    'the token is wrong, after one that is new',
    [99991661, ...range(99991663, 99991665), ...range(99991668, 99991669)],
  ],
  ['stop', 'the token is none of an app', [99991671, 99991677]],
  [
    'stop',
    'the request is wrong: a fault of ours',
    [...range(1254000, 1254001), 1254005, 1254008, ...range(1254010, 1254014)],
  ],
  ['stop', 'the view, filter or sort is wrong', [1254016, ...range(1254018, 1254023), 1254107, 1254108]],
  [
    'stop',
    'names, options and roles are wrong',
    [1254025, 1254026, 1254028, 1254029, ...range(1254031, 1254034)],
  ],
  ['stop', 'names and places are wrong', [1254038, 1254039, 1254042, ...range(1254046, 1254050), 1254070]],
  ['stop', 'the property of a field is wrong', range(1254080, 1254096)],
  ['stop', 'a parameter is wrong', [1254800, 9499, 99992402, 99992351, 99992361]],
];
const toldCodes = new Map(told.flatMap(([verdict, , list]) => list.map((code) => [code, verdict] as const)));

it.each(told)('%s: %s', (verdict, _what, list) => {
  for (const code of list) expect([code, codes.get(code)?.verdict]).toEqual([code, verdict]);
});

it('has no other codes of tables and of the gateway, and each once', () => {
  expect(told.flatMap(([, , list]) => list)).toHaveLength(toldCodes.size);
  const ofChats = (code: number): boolean =>
    /^(1123\d|1124\d|131\d{3}|23\d{4}|400\d\d|41050|9999236[04]|99992381)$/.test(String(code));
  expect([...codes.keys()].filter((code) => !ofChats(code)).sort()).toEqual([...toldCodes.keys()].sort());
});

it('knows which calls may have been carried out, and which may be too much at once', () => {
  const where = (holds: (entry: CodeEntry) => boolean): number[] =>
    [...codes.values()].filter((entry) => toldCodes.has(entry.code) && holds(entry)).map(({ code }) => code);
  expect(where(({ heavy }) => heavy === true).sort()).toEqual([1254002, 1254607, 1255040]);
  expect(where(({ mayHaveHappened }) => mayHaveHappened).sort()).toEqual(
    [
      1254608,
      1255006,
      1254606,
      ...range(1255001, 1255005),
      1254002,
      1254200,
      1255040,
      1500,
      1551,
      2200,
    ].sort(),
  );
  expect(where(({ pause }) => pause !== undefined)).toEqual([1254036]);
});

it('lets a write that was throttled or refused for its values be known as not done', () => {
  for (const { verdict, mayHaveHappened, code } of codes.values()) {
    if (['values', 'gone', 'smaller', 'stop', 'reread'].includes(verdict)) {
      expect([code, mayHaveHappened]).toEqual([code, false]);
    }
  }
  expect(codes.get(1254291)?.mayHaveHappened).toBe(false);
  expect(codes.get(1255040)?.mayHaveHappened).toBe(true);
});
