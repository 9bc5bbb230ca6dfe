import { type Playground, startPlayground } from 'bitable-playground';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FeishuClient } from '../../src/feishu/calls/client.ts';
import { people } from '../../src/feishu/chat/people.ts';
import type { People } from '../../src/run/ports.ts';
import {
  failureFrom,
  forever,
  newClient,
  newMeter,
  problemFrom,
  quickClock,
  type Script,
  type Server,
  startServer,
} from './parts.ts';

const clock = quickClock();
const closers: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const opened = (client: FeishuClient): FeishuClient => {
  closers.push(() => client.stop());
  return client;
};

describe('in a tenant', () => {
  let feishu: Playground;
  let known: People;
  let meter: ReturnType<typeof newMeter>;

  beforeEach(async () => {
    feishu = await startPlayground({ rates: false, seed: 3 });
    closers.push(() => feishu.stop());
    const { appId: id, appSecret: secret } = feishu;
    known = people(opened(newClient(feishu.url, { app: { id, secret }, clock })), clock);
    meter = newMeter();
  });

  const ask = (by: Parameters<People['openIds']>[0], words: readonly string[]) =>
    known.openIds(by, words, meter, forever);
  const lookUps = () => feishu.calls().filter(({ route }) => route.startsWith('contacts.'));

  it('finds people by e-mail address, whatever its case', async () => {
    const ada = feishu.person({ email: 'Ada@example.com' });
    expect(await ask('email', ['ada@example.com', ' ADA@example.com ', 'eve@example.com'])).toEqual(
      new Map([
        ['ada@example.com', ada.openId],
        [' ADA@example.com ', ada.openId],
      ]),
    );
    expect(lookUps()).toHaveLength(1);
  });

  it('finds people by mobile number, with and without +86 and blanks', async () => {
    const ada = feishu.person({ mobile: '13800001111' });
    const eve = feishu.person({ mobile: '+4915112345678' });
    const asked = ['13800001111', '+86 138-0000-1111', '+49 151 12345678', '15112345678'];
    expect(await ask('mobile', asked)).toEqual(
      new Map([
        ['13800001111', ada.openId],
        ['+86 138-0000-1111', ada.openId],
        ['+49 151 12345678', eve.openId],
      ]),
    );
  });

  it.each(['user_id', 'union_id'] as const)('finds people by %s among many that do not exist', async (by) => {
    const some = Array.from({ length: 7 }, () => feishu.person());
    const idOf = (person: (typeof some)[number]) => (by === 'user_id' ? person.userId : person.unionId);
    const words = Array.from({ length: 120 }, (_, at) => {
      const person = some[at / 17];
      return person ? idOf(person) : `on_unknown${at}`;
    });
    const found = await ask(by, words);
    expect(found).toEqual(new Map(some.map((person) => [idOf(person), person.openId])));
  });

  it('does not find who is outside the contact range or has left', async () => {
    const out = feishu.person({ inRange: false });
    const gone = feishu.person({ resigned: true });
    for (const { email, userId, unionId } of [out, gone]) {
      expect(await ask('email', [email])).toEqual(new Map());
      expect(await ask('user_id', [userId])).toEqual(new Map());
      expect(await ask('union_id', [unionId])).toEqual(new Map());
    }
  });

  it('asks for 50 at a time, for each once, and for nothing that can name nobody', async () => {
    const words = Array.from({ length: 120 }, (_, at) => `p${at}@example.com`);
    await ask('email', [
      ...words,
      ...words.map((word) => word.toUpperCase()),
      '',
      'nobody',
      'a b@example.com',
    ]);
    expect(lookUps()).toHaveLength(3);
    expect(meter.counts).toMatchObject({ read: 4, refused: 0 });
    await ask('user_id', ['', ' ', 'a b', 'x'.repeat(101), '张三']);
    await ask('mobile', ['', 'n/a', '12', '+']);
    expect(lookUps()).toHaveLength(3);
  });

  it('remembers for minutes who somebody is, and for a minute that nobody is known', async () => {
    const ada = feishu.person({ email: 'ada@example.com' });
    await ask('email', ['ada@example.com', 'eve@example.com']);
    await ask('email', ['ADA@example.com', 'eve@example.com']);
    expect(lookUps()).toHaveLength(1);
    const eve = feishu.person({ email: 'eve@example.com' });
    await clock.sleep(61_000);
    expect(await ask('email', ['ada@example.com', 'eve@example.com'])).toEqual(
      new Map([
        ['ada@example.com', ada.openId],
        ['eve@example.com', eve.openId],
      ]),
    );
    expect(lookUps()).toHaveLength(2);
    feishu.changePerson(ada, { resigned: true });
    await clock.sleep(10 * 60_000);
    expect(await ask('email', ['ada@example.com'])).toEqual(new Map());
  });

  it('waits through throttling', async () => {
    const ada = feishu.person();
    feishu.faults.add({ when: { route: 'contacts.ids', times: 2 }, fault: { kind: 'throttle' } });
    expect(await ask('email', [ada.email])).toEqual(new Map([[ada.email, ada.openId]]));
    expect(meter.counts.refused).toBe(2);
  });

  it.each([
    ['email', 'contact:user.id:readonly'],
    ['mobile', 'contact:user.id:readonly'],
  ] as const)('names the scope that is missing for %s, and the contact range', async (by, scope) => {
    feishu.app.revokeScopes(scope);
    const { code, message, cure } = await problemFrom(
      ask(by, [by === 'email' ? 'a@example.com' : '13800001111']),
    );
    expect(code).toBe('no-contact-scope');
    expect(message.en).toContain(scope);
    expect(cure.zh).toContain('通讯录权限范围');
    expect(cure.en).toContain('https://open.feishu.cn/app');
  });

  it('does not take a user_id that Feishu keeps to itself for nobody', async () => {
    const ada = feishu.person();
    feishu.app.revokeScopes('contact:user.employee_id:readonly');
    const { code, cure } = await problemFrom(ask('user_id', [ada.userId]));
    expect(code).toBe('no-contact-scope');
    expect(cure.en).toContain('contact:user.employee_id:readonly');
  });
});

describe('a look-up that fails is never "nobody"', () => {
  async function against(script: Script): Promise<{ known: People; server: Server }> {
    const server = await startServer(script);
    closers.push(() => server.stop());
    return { known: people(opened(newClient(server.url, { clock })), clock), server };
  }
  const business =
    (body: unknown, status = 200): Script =>
    ({ path }) =>
      path.endsWith('/internal') ? undefined : { status, body };

  it.each([
    ['an unknown code', { code: 1234567, msg: 'no' }, 200],
    ['an answer without a list', { code: 0, msg: 'ok', data: {} }, 200],
    ['an answer without data', { code: 0, msg: 'ok' }, 200],
    ['a web page', '<html></html>', 502],
    ['refused parameters', { code: 99992402, msg: 'field validation failed' }, 400],
    ['no department authority', { code: 40004, msg: 'no dept. authority' }, 403],
  ])('%s', async (_, body, status) => {
    const { known } = await against(business(body, status));
    await failureFrom(known.openIds('email', ['ada@example.com'], newMeter(), forever));
    // And it is not remembered.
    await failureFrom(known.openIds('email', ['ada@example.com'], newMeter(), forever));
  });

  it('one batch of several', async () => {
    const { known } = await against(({ path, body }) => {
      if (path.endsWith('/internal')) return undefined;
      const { emails } = JSON.parse(body) as { emails: string[] };
      if (emails.includes('p60@example.com')) return { body: { code: 1234567, msg: 'no' } };
      return { body: { code: 0, data: { user_list: emails.map((email) => ({ email, user_id: 'ou_1' })) } } };
    });
    const words = Array.from({ length: 150 }, (_, at) => `p${at}@example.com`);
    const failure = await failureFrom(known.openIds('email', words, newMeter(), forever));
    expect(failure.code).toBe(1234567);
  });

  it('a batch is split when Feishu does not say which ID is bad', async () => {
    const { known, server } = await against(({ path, query }) => {
      if (path.endsWith('/internal')) return undefined;
      const ids = query.getAll('user_ids');
      if (ids.includes('u13')) return { status: 400, body: { code: 41050, msg: 'no user authority' } };
      return {
        body: { code: 0, data: { items: ids.map((id) => ({ user_id: id, open_id: `ou_${id}` })) } },
      };
    });
    const words = Array.from({ length: 50 }, (_, at) => `u${at}`);
    const found = await known.openIds('user_id', words, newMeter(), forever);
    expect(found.size).toBe(49);
    expect(found.has('u13')).toBe(false);
    expect(found.get('u14')).toBe('ou_u14');
    expect(server.business().length).toBeLessThan(16);
  });

  it('an ID whose name Feishu cut off is not confused with another', async () => {
    const long = 'x'.repeat(60);
    const { known } = await against(({ path, query }) => {
      if (path.endsWith('/internal')) return undefined;
      const bad = query.getAll('user_ids').filter((id) => id.length > 60);
      const msg = `not a valid {user_id}. Invalid ids: [${bad.join(',')}]`;
      if (bad.length > 0) return { status: 400, body: { code: 99992360, msg } };
      const items = query.getAll('user_ids').map((id) => ({ user_id: id, open_id: `ou_${id}` }));
      return { body: { code: 0, data: { items } } };
    });
    const bad = Array.from({ length: 10 }, (_, at) => `${long}${at}`);
    const good = Array.from({ length: 40 }, (_, at) => long.slice(0, 20 + at));
    const found = await known.openIds('user_id', [...bad, ...good], newMeter(), forever);
    expect([...found.keys()].sort()).toEqual([...good].sort());
  });
});
