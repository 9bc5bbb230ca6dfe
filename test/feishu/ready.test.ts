import { expect, it } from 'vitest';
import { readiness } from '../../src/feishu/events/door.ts';
import { problem } from '../../src/sync/words/problem.ts';
import { text } from '../../src/sync/words/text.ts';

const wrong = {
  code: 'wrong-credentials',
  message: text('不认', 'not accepted'),
  cure: text('改', 'mend it'),
};

function bot() {
  let now = 0;
  const sleepers: { readonly until: number; readonly wake: () => void }[] = [];
  const self = {
    ping: Promise.resolve(),
    proof: () => Promise.resolve(),
    lost: undefined as typeof wrong | undefined,
    proofs: 0,
  };
  const ask = readiness({
    ping: () => self.ping,
    prove: () => {
      self.proofs++;
      return self.proof();
    },
    lost: () => self.lost,
    clock: {
      now: () => now,
      monotonic: () => now,
      sleep: (ms) => new Promise((resolve) => void sleepers.push({ until: now + ms, wake: resolve })),
    },
  });
  const pass = async (ms: number) => {
    now += ms;
    for (const { until, wake } of sleepers) if (until <= now) wake();
    await new Promise((resolve) => setImmediate(resolve));
  };
  return Object.assign(self, { ask, pass });
}

it('is ready when store, token and connection are', async () => {
  const one = bot();
  expect(await one.ask()).toEqual({
    ok: true,
    store: { ok: true },
    token: { ok: true },
    connection: { ok: true },
  });
});

it('tells of a secret that was revoked 15 s after at the latest, with four calls a minute at most', async () => {
  const one = bot();
  await one.ask();
  one.proof = () => Promise.reject(problem(wrong));
  for (let seconds = 0; seconds < 15; seconds += 5) {
    expect(await one.ask()).toMatchObject({ ok: true });
    await one.pass(5000);
  }
  expect(one.proofs).toBe(1);
  await one.ask();
  await one.pass(0);
  expect(await one.ask()).toMatchObject({
    ...{ ok: false, store: { ok: true } },
    token: { ok: false, code: 'wrong-credentials', message: 'not accepted' },
  });
  expect(one.proofs).toBe(2);

  one.proof = () => Promise.resolve();
  await one.pass(15_000);
  await one.ask();
  await one.pass(0);
  expect(await one.ask()).toMatchObject({ ok: true });
});

it('tells why no events come in', async () => {
  const one = bot();
  one.lost = { ...wrong, code: 'connection-lost' };
  expect(await one.ask()).toMatchObject({ ok: false, connection: { ok: false, code: 'connection-lost' } });
});

it('tells that the store does not answer, and nothing of its insides', async () => {
  const one = bot();
  one.ping = Promise.reject(
    problem({ ...wrong, code: 'store-busy', message: text('x', 'db.internal is away') }),
  );
  const answer = await one.ask();
  expect(answer).toMatchObject({ ok: false, store: { ok: false, code: 'store-busy' } });
  expect(JSON.stringify(answer)).not.toContain('db.internal');
});

it('waits for Feishu no longer than a probe does', async () => {
  const one = bot();
  one.proof = () => new Promise(() => undefined);
  const answer = one.ask();
  await one.pass(3000);
  expect(await answer).toMatchObject({ ok: false, token: { ok: false, code: 'timeout' } });
});
