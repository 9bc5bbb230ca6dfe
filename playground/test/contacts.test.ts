import { describe, expect, it } from 'vitest';
import { caller, newBench, sdkClient } from './support.ts';

const bench = newBench();

const start = async () => {
  const playground = await bench.start();
  const li = playground.person({ name: 'Li', email: 'li@example.com', mobile: '13800001234', userId: 'e1' });
  const bo = playground.person({
    name: 'Bo',
    mobile: '+12025550123',
    enterpriseEmail: 'bo@corp.example.com',
  });
  const call = await caller(playground);
  const ids = (body: object, query = '') =>
    call('POST', `/open-apis/contact/v3/users/batch_get_id${query}`, body);
  const users = (query: string) => call('GET', `/open-apis/contact/v3/users/batch?${query}`);
  return { playground, li, bo, ids, users };
};

describe('by address and number', () => {
  it('finds people through the real SDK, an entry for each that was asked', async () => {
    const { playground, li, bo } = await start();
    const { user } = sdkClient(playground).contact.v3;
    const { code, data } = await user.batchGetId({
      params: { user_id_type: 'union_id' },
      data: { emails: ['LI@example.com', 'nobody@example.com'], mobiles: ['+8613800001234', '+12025550123'] },
    });
    expect(code).toBe(0);
    expect(data?.user_list).toMatchObject([
      { user_id: li.unionId, email: 'LI@example.com', status: { is_resigned: false, is_activated: true } },
      { email: 'nobody@example.com' },
      { user_id: li.unionId, mobile: '+8613800001234' },
      { user_id: bo.unionId, mobile: '+12025550123' },
    ]);
    expect(data?.user_list?.[1]).toEqual({ email: 'nobody@example.com' });
  });

  it('answers without an id for a foreign number without its code and for addresses of the mail service', async () => {
    const { ids } = await start();
    const { data } = await ids({ emails: ['bo@corp.example.com'], mobiles: ['2025550123'] });
    expect(data['user_list']).toEqual([{ email: 'bo@corp.example.com' }, { mobile: '2025550123' }]);
  });

  it('answers without an id for people who left, unless asked for them, or are outside the range', async () => {
    const { playground, li, bo, ids } = await start();
    playground.changePerson(li, { resigned: true });
    playground.changePerson(bo, { inRange: false });
    const body = { mobiles: ['13800001234', '+12025550123'] };
    expect((await ids(body)).data['user_list']).toEqual(body.mobiles.map((mobile) => ({ mobile })));
    expect((await ids({ ...body, include_resigned: true })).data['user_list']).toEqual([
      { user_id: li.openId, mobile: '13800001234', status: expect.objectContaining({ is_resigned: true }) },
      { mobile: '+12025550123' },
    ]);
  });

  it('keeps ids and states from an app without the scopes', async () => {
    const { playground, li, ids } = await start();
    playground.app.revokeScopes(
      'contact:user.employee_id:readonly',
      'contact:user.employee:readonly',
      'contact:contact:access_as_app',
      'contact:contact:readonly',
      'contact:contact:readonly_as_app',
    );
    const asked = { emails: [li.email] };
    expect((await ids(asked, '?user_id_type=user_id')).data['user_list']).toEqual([{ email: li.email }]);
    expect((await ids(asked)).data['user_list']).toEqual([{ user_id: li.openId, email: li.email }]);
    playground.app.revokeScopes('contact:user.id:readonly');
    expect(await ids(asked)).toMatchObject({
      status: 400,
      code: 99991672,
      body: { error: { permission_violations: [{ subject: 'contact:user.id:readonly' }] } },
    });
  });

  it('takes fifty of each', async () => {
    const { ids } = await start();
    const list = (count: number) => Array.from({ length: count }, (_, at) => `${at}@example.com`);
    const { data } = await ids({ emails: list(50), mobiles: list(50) });
    expect(data['user_list']).toHaveLength(100);
    expect((await ids({ emails: list(51) })).code).toBe(99992402);
    expect((await ids({ mobiles: list(51) })).code).toBe(99992402);
    expect((await ids({ emails: 'li@example.com' })).code).toBe(99992402);
    expect((await ids({}, '?user_id_type=email')).code).toBe(99992402);
  });
});

describe('by id', () => {
  it('turns one kind of id into the others through the real SDK', async () => {
    const { playground, li, bo } = await start();
    const { user } = sdkClient(playground).contact.v3;
    const user_ids = [bo.userId, 'e1', 'e1'];
    const { code, data } = await user.batch({ params: { user_ids, user_id_type: 'user_id' } });
    expect(code).toBe(0);
    expect(data?.items).toMatchObject([
      { open_id: bo.openId, union_id: bo.unionId, user_id: bo.userId, name: 'Bo', mobile: '+12025550123' },
      { open_id: li.openId, email: 'li@example.com' },
    ]);
    expect(data?.items).toHaveLength(2);
  });

  it('leaves out people outside the range, and fails altogether for one that does not exist', async () => {
    const { playground, li, bo, users } = await start();
    playground.changePerson(bo, { inRange: false });
    const both = `user_ids=${li.openId}&user_ids=${bo.openId}`;
    expect((await users(both)).data['items']).toMatchObject([{ open_id: li.openId }]);
    expect(await users(`${both}&user_ids=ou_x`)).toMatchObject({
      status: 400,
      code: 99992351,
      msg: expect.stringContaining('Invalid ids: [ou_x]'),
    });
    expect((await users('user_ids=x&user_id_type=user_id')).code).toBe(99992360);
    expect((await users('user_ids=x&user_id_type=union_id')).code).toBe(99992364);
    expect((await users('')).code).toBe(99992402);
  });
});
