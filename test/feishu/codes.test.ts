import { expect, it } from 'vitest';
import { codes } from '../../src/feishu/codes.ts';

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
  ...[230075, 230099, 230110, 232009],
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

it('says in both languages what to do', () => {
  for (const { cure, name } of codes.values()) {
    expect(cure.zh).toMatch(/[\u4e00-\u9fff]/);
    expect(cure.en).not.toMatch(/[\u4e00-\u9fff]/);
    expect(name).not.toBe('');
  }
});

it.each([
  ['wait', [1254290, 1254291, 1254607, 1254112, 1254608, 1254036, 99991400, 11232, 230020]],
  ['round', [1254002, 1254200, 1255001, 1255002, 1255003, 1255004, 1255005, 1255040, 2200, 1500]],
  ['values', [1254015, 1254060, 1254061, 1254064, 1254072, 1254074, 1254130]],
  ['gone', [1254043]],
  ['smaller', [1254104, 1254030]],
  ['reread', [1254044, 1254045]],
  ['settle', [1255006]],
  [
    'stop',
    [1254103, 1254302, 1254304, 1254306, 91402, 91403, 99991403, 99991672, 1254041, 230002, 230011, 230031],
  ],
] as const)('verdict %s', (verdict, list) => {
  for (const code of list) expect([code, codes.get(code)?.verdict]).toEqual([code, verdict]);
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
