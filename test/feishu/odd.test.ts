import { afterEach, describe, expect, it } from 'vitest';
import { whoAmI } from '../../src/feishu/app/setup.ts';
import { chat } from '../../src/feishu/chat/chat.ts';
import { openTable } from '../../src/feishu/table/open.ts';
import { table } from '../../src/feishu/table/table.ts';
import { failureFrom, forever, newClient, newMeter, problemFrom, startServer } from './parts.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

/** A client of a Feishu that answers every call with this. */
async function answered(body: unknown, status = 200) {
  const server = await startServer(({ path }) => (path.endsWith('/internal') ? undefined : { status, body }));
  const client = newClient(server.url);
  closers.push(server.stop, client.stop);
  return { server, client, table: table(client, 'app', { table: 'tbl1' }, newMeter()) };
}

describe('an answer that is a success but says nothing of use is a failure', () => {
  it('a field without name', async () => {
    const { table: one } = await answered({
      code: 0,
      data: { items: [{ field_id: 'f1' }], has_more: false, total: 1 },
    });
    expect((await failureFrom(one.fields(forever))).message).toContain('without ID or name');
  });

  it('a table without revision', async () => {
    const { table: one } = await answered({
      code: 0,
      data: { items: [{ table_id: 'tbl1' }], has_more: false },
    });
    expect((await failureFrom(one.revision(forever))).message).toContain('without revision');
  });

  it('a look-up that leaves records out', async () => {
    const { table: one } = await answered({ code: 0, data: { records: [{ record_id: 'r1' }] } });
    expect((await failureFrom(one.look(['r1', 'r2'], forever))).message).toContain('says nothing');
  });

  it('a message without ID, which may have been sent', async () => {
    const { client } = await answered({ code: 0, data: {} });
    const failure = await failureFrom(chat(client, newMeter()).send('oc_1', {}, 'once'));
    expect(failure.mayHaveHappened).toBe(true);
  });

  it('a bot without open_id', async () => {
    const { client } = await answered({ code: 0, bot: { app_name: 'x' } });
    expect((await failureFrom(whoAmI(client, newMeter()))).message).toContain('no open_id');
  });

  it('a token endpoint without token', async () => {
    const server = await startServer(() => ({ body: { code: 0, msg: 'ok' } }));
    const client = newClient(server.url);
    closers.push(server.stop, client.stop);
    expect((await failureFrom(whoAmI(client, newMeter()))).message).toContain('without a token');
  });
});

it('a field of a type that nobody knows cannot be written', async () => {
  const { table: one } = await answered({
    code: 0,
    data: {
      items: [{ field_id: 'f1', field_name: 'x', type: 4711, ui_type: 'Signature' }],
      has_more: false,
      total: 1,
    },
  });
  expect(await one.fields(forever)).toEqual([
    { id: 'f1', name: 'x', kind: 'other', look: 'Signature', primary: false },
  ]);
});

it('a body that is too large for the gateway is a call for something smaller', async () => {
  const { table: one } = await answered('<html>413</html>', 413);
  expect(await failureFrom(one.create([{ a: 1 }])('token', forever))).toMatchObject({
    verdict: 'smaller',
    mayHaveHappened: false,
  });
});

describe('a wiki page', () => {
  const page = 'http://127.0.0.1/wiki/NodeToken1?table=tblAbc';

  it.each([
    [{ obj_type: 'docx', obj_token: 'doxAbc' }, 'wiki-not-a-base'],
    [{}, 'wiki-not-a-base'],
    [undefined, 'wiki-not-a-base'],
    [{ obj_type: 'bitable', obj_token: '../../x' }, 'wiki-node-not-found'],
    [{ obj_type: 'bitable' }, 'wiki-node-not-found'],
  ])('that is %j is not opened', async (node, code) => {
    const { client } = await answered({ code: 0, data: { node } });
    expect((await problemFrom(openTable(client)(page, newMeter(), forever))).code).toBe(code);
  });

  it.each([
    [131005, 'wiki-node-not-found'],
    [131006, 'wiki-node-forbidden'],
  ])('refused with %i has its own words', async (code, told) => {
    const { client } = await answered({ code, msg: 'no', error: { log_id: 'log9' } }, 400);
    expect(await problemFrom(openTable(client)(page, newMeter(), forever))).toMatchObject({
      code: told,
      logId: 'log9',
    });
  });

  it('that cannot be asked for fails as the call failed', async () => {
    const { client } = await answered({ code: 99991672, msg: 'Access denied' }, 400);
    expect(await failureFrom(openTable(client)(page, newMeter(), forever))).toMatchObject({ code: 99991672 });
  });
});
