import { type AddressInfo, createServer as createNetServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { CallKind, FeishuClient } from '../../src/feishu/calls/client.ts';
import { http } from '../../src/feishu/calls/http.ts';
import {
  appSecret,
  failureFrom,
  newClient,
  newLog,
  newMeter,
  problemFrom,
  quickClock,
  type Script,
  startServer,
} from './parts.ts';

const closers: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  while (closers.length > 0) await closers.pop()?.();
});

async function setUp(script: Script, more: Parameters<typeof newClient>[1] = {}) {
  const server = await startServer(script);
  const client = newClient(server.url, more);
  const meter = newMeter();
  closers.push(server.stop, client.stop);
  return { server, client, meter };
}

const isToken = (path: string): boolean => path.endsWith('/internal');

const search = (client: FeishuClient, meter = newMeter(), kind: CallKind = 'read', signal?: AbortSignal) =>
  client.call({ kind, meter, ...(signal ? { signal } : {}) }, (sdk, options) =>
    sdk.bitable.appTableRecord.search(
      {
        path: { app_token: 'app', table_id: 'tbl1' },
        params: { page_size: 500 },
        data: { field_names: ['名'] },
      },
      options,
    ),
  );

const create = (client: FeishuClient, meter = newMeter()) =>
  client.call({ kind: 'write', meter }, (sdk, options) =>
    sdk.bitable.appTableRecord.batchCreate(
      {
        path: { app_token: 'app', table_id: 'tbl1' },
        params: { client_token: '4c5b0b4e-6f4e-4c2e-9d3e-111111111111' },
        data: { records: [{ fields: { 名: '张三的秘密' } }] },
      },
      options,
    ),
  );

describe('a call', () => {
  it('goes through the SDK with token, query and body, and answers what Feishu answered', async () => {
    const { server, client, meter } = await setUp(({ path }) =>
      isToken(path)
        ? undefined
        : { body: { code: 0, msg: 'success', data: { total: 3, has_more: false, items: [] } } },
    );
    const answer = await search(client, meter);
    expect(answer.data?.total).toBe(3);
    const [seen] = server.business();
    expect(seen?.method).toBe('POST');
    expect(seen?.path).toBe('/open-apis/bitable/v1/apps/app/tables/tbl1/records/search');
    expect(seen?.query.get('page_size')).toBe('500');
    expect(seen?.headers.authorization).toBe('Bearer t-1');
    expect(JSON.parse(seen?.body ?? '')).toEqual({ field_names: ['名'] });
    expect(meter.counts).toEqual({ read: 2, write: 0, refused: 0, chat: 0 });
  });

  it('reads a packed answer', async () => {
    const { gzipSync } = await import('node:zlib');
    const { client } = await setUp(({ path }, response) => {
      if (isToken(path)) return undefined;
      response.writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' });
      response.end(gzipSync(JSON.stringify({ code: 0, data: { total: 7 } })));
      return 'own';
    });
    expect((await search(client)).data?.total).toBe(7);
  });

  it('uploads a file with its name, whatever its bytes', async () => {
    const { server, client, meter } = await setUp(({ path }) =>
      isToken(path) ? undefined : { body: { code: 0, data: { file_key: 'file_v3_1' } } },
    );
    const answer = await client.call({ kind: 'chat', meter }, (sdk, options) =>
      sdk.im.v1.file.create(
        { data: { file_type: 'stream', file_name: '坏行.csv', file: Buffer.from('键,原因\n') } },
        options,
      ),
    );
    expect(answer).toEqual({ file_key: 'file_v3_1' });
    const [seen] = server.business();
    expect(seen?.headers['content-type']).toMatch(/^multipart\/form-data; boundary=/);
    expect(seen?.body).toContain('name="file_name"\r\n\r\n坏行.csv');
    expect(seen?.body).toContain('filename="坏行.csv"');
    expect(seen?.body).toContain('键,原因\n');
  });
});

describe('a failed call', () => {
  it.each([
    {
      what: 'HTTP 400 with a code',
      answer: {
        status: 400,
        body: { code: 1254607, msg: 'Data not ready' },
        headers: { 'x-tt-logid': 'log1' },
      },
      failure: {
        how: 'answered',
        code: 1254607,
        verdict: 'wait',
        mayHaveHappened: false,
        status: 400,
        logId: 'log1',
      },
    },
    {
      what: 'HTTP 200 with a code',
      answer: { body: { code: 1254291, msg: 'Write conflict' } },
      failure: { how: 'answered', code: 1254291, verdict: 'wait', mayHaveHappened: false, status: 200 },
    },
    {
      what: 'HTTP 504 with a code that says the write may have gone through',
      answer: { status: 504, body: { code: 1255040, msg: 'Request timed out' } },
      failure: { how: 'answered', code: 1255040, verdict: 'round', mayHaveHappened: true },
    },
    {
      what: 'a throttled call with its reset time',
      answer: {
        status: 429,
        body: { code: 99991400, msg: 'limit' },
        headers: { 'x-ogw-ratelimit-reset': '52' },
      },
      failure: { code: 99991400, verdict: 'wait', retryAfter: 52_000, mayHaveHappened: false },
    },
    {
      what: 'a gateway page',
      answer: { status: 502, body: '<html>Bad Gateway</html>', headers: { 'content-type': 'text/html' } },
      failure: { how: 'threw', code: null, verdict: 'round', mayHaveHappened: true, status: 502 },
    },
    {
      what: 'a web page that claims success',
      answer: { body: '<html>log in</html>', headers: { 'content-type': 'text/html' } },
      failure: {
        how: 'threw',
        code: null,
        verdict: 'round',
        message: 'HTTP 200, a web page instead of JSON',
      },
    },
    {
      what: 'an empty answer',
      answer: { body: '' },
      failure: { how: 'threw', code: null, verdict: 'round', message: 'HTTP 200, an empty answer' },
    },
    {
      what: 'JSON without a code',
      answer: { body: { hello: 'world' } },
      failure: { how: 'threw', code: null, verdict: 'round', mayHaveHappened: true },
    },
    {
      what: 'an unknown path',
      answer: { status: 404, body: '404 page not found', headers: { 'content-type': 'text/plain' } },
      failure: { how: 'threw', code: null, verdict: 'stop', mayHaveHappened: false },
    },
    {
      what: 'HTTP 429 without JSON',
      answer: { status: 429, body: '<html>slow down</html>' },
      failure: { how: 'threw', code: null, verdict: 'wait', mayHaveHappened: false },
    },
    {
      what: 'HTTP 500 with a code that nobody knows',
      answer: { status: 500, body: { code: 1777777, msg: 'what' } },
      failure: { how: 'answered', code: 1777777, verdict: 'unknown', mayHaveHappened: true },
    },
    {
      what: 'HTTP 500 with the code of success',
      answer: { status: 500, body: { code: 0, msg: 'success' } },
      failure: { how: 'threw', code: null, verdict: 'round', mayHaveHappened: true },
    },
    {
      what: 'cut JSON',
      answer: { body: '{"code":0,"data":{"items":[{"rec' },
      failure: { how: 'threw', code: null, verdict: 'round', message: 'HTTP 200, broken JSON' },
    },
  ])('is told as it is: $what', async ({ answer, failure }) => {
    const { client } = await setUp(({ path }) => (isToken(path) ? undefined : answer));
    expect(await failureFrom(create(client))).toMatchObject(failure);
  });

  it('never may have happened when it only reads', async () => {
    const { client } = await setUp(({ path }) =>
      isToken(path) ? undefined : { status: 504, body: { code: 1255040, msg: 'timed out' } },
    );
    expect((await failureFrom(search(client))).mayHaveHappened).toBe(false);
  });

  it('may have happened when the connection broke after it was sent', async () => {
    const { client } = await setUp(({ path }) => (isToken(path) ? undefined : 'cut'));
    expect(await failureFrom(create(client))).toMatchObject({
      how: 'threw',
      code: null,
      verdict: 'round',
      message: 'ECONNRESET',
      mayHaveHappened: true,
    });
  });

  it('has not happened when nobody listens', async () => {
    const free = createNetServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as AddressInfo;
    await new Promise((resolve) => free.close(resolve));
    const transport = http();
    closers.push(transport.stop);
    await expect(
      transport.send({
        method: 'POST',
        url: `http://127.0.0.1:${port}/`,
        headers: {},
        body: Buffer.from('{}'),
        timeout: 5000,
        signal: undefined,
      }),
    ).rejects.toMatchObject({ why: 'network', sent: false, message: 'ECONNREFUSED' });
    const client = newClient(`http://127.0.0.1:${port}`);
    closers.push(client.stop);
    expect(await failureFrom(create(client))).toMatchObject({ how: 'threw', mayHaveHappened: false });
  });

  it('has not happened when no secure connection came about', async () => {
    const { server } = await setUp(() => undefined);
    const transport = http();
    closers.push(transport.stop);
    const url = server.url.replace('http:', 'https:');
    const call = {
      method: 'POST',
      url,
      headers: {},
      body: Buffer.from('{}'),
      timeout: 5000,
      signal: undefined,
    };
    await expect(transport.send(call)).rejects.toMatchObject({ why: 'network', sent: false });
    expect(server.seen).toEqual([]);
  });

  it('keeps one connection for calls that follow each other', async () => {
    const ports = new Set<number | undefined>();
    const { client } = await setUp((_, response) => {
      ports.add(response.socket?.remotePort);
      return undefined;
    });
    for (let i = 0; i < 5; i += 1) await search(client);
    expect(ports.size).toBe(1);
  });

  it('may have happened when no answer comes in time', async () => {
    const transport = http();
    const { client } = await setUp(({ path }) => (isToken(path) ? undefined : 'silence'), {
      http: {
        ...transport,
        send: (call) => transport.send({ ...call, timeout: call.timeout === 60_000 ? 30 : 5000 }),
      },
    });
    expect(await failureFrom(create(client))).toMatchObject({
      how: 'threw',
      code: null,
      verdict: 'round',
      mayHaveHappened: true,
      message: expect.stringContaining('no answer within'),
    });
  });

  it('is a call for something smaller when the answer has no end', async () => {
    const { client } = await setUp(
      ({ path }) => (isToken(path) ? undefined : { body: { code: 0, data: 'x'.repeat(5000) } }),
      { http: http(undefined, 2000) },
    );
    expect(await failureFrom(search(client))).toMatchObject({ how: 'threw', verdict: 'smaller' });
  });

  it('names the missing scopes and the page that grants them', async () => {
    const { client } = await setUp(({ path }) =>
      isToken(path)
        ? undefined
        : {
            status: 400,
            body: {
              code: 99991672,
              msg: 'Access denied.',
              error: {
                log_id: 'log7',
                permission_violations: [{ type: 'action_scope_required', subject: 'bitable:app' }],
                helps: [{ url: 'https://open.feishu.cn/app/cli_1/auth?q=bitable:app' }],
              },
            },
          },
    );
    const failure = await failureFrom(search(client));
    expect(failure).toMatchObject({ verdict: 'stop', logId: 'log7' });
    expect(failure.cure?.en).toContain('bitable:app');
    expect(failure.cure?.zh).toContain('https://open.feishu.cn/app/cli_1/auth?q=bitable:app');
  });

  it('tells how to let the app into the base', async () => {
    const { client } = await setUp(({ path }) =>
      isToken(path) ? undefined : { status: 403, body: { code: 91403, msg: 'Forbidden' } },
    );
    const failure = await failureFrom(create(client));
    expect(failure).toMatchObject({ verdict: 'stop', mayHaveHappened: false });
    expect(failure.cure?.zh).toContain('添加文档应用');
  });

  it.each([
    ['record not found,id = recAbc123', undefined, 1254043, 'recAbc123'],
    [
      'WrongRequestBody',
      "Invalid request parameter: 'records[3].fields.手机 号'. x",
      1254001,
      'records[3].fields.手机 号',
    ],
    [
      'DatetimeFieldConvFail',
      "'records[0].fields.date.fieldValue.王五.fieldName.date' bad",
      1254064,
      'records[0].fields.date',
    ],
  ])('points at the culprit without its value: %s', async (msg, message, code, pointer) => {
    const { client } = await setUp(({ path }) =>
      isToken(path) ? undefined : { body: { code, msg, error: { message } } },
    );
    const failure = await failureFrom(create(client));
    expect(failure.pointer).toBe(pointer);
    expect(JSON.stringify(failure)).not.toContain('王五');
    if (code === 1254001) expect(failure.verdict).toBe('values');
  });

  it.each([
    ["records[0].fields.n.fieldValue.O'Brien 王五.fieldName.n", 'records[0].fields.n.fieldName.n'],
    [
      'records[0].fields.n.fieldValue."王五"\n.fieldName.x.fieldName.n bad',
      'records[0].fields.n.fieldName.n bad',
    ],
    ["'records[0].fields.n.fieldValue.王五' and 王五", "'records[0].fields.n"],
  ])('shows no value that Feishu quotes: %s', async (msg, shown) => {
    const { client } = await setUp(({ path }) =>
      isToken(path) ? undefined : { body: { code: 1254064, msg } },
    );
    expect((await failureFrom(create(client))).message).toBe(shown);
  });

  it('ends with the reason of the signal when it is given up', async () => {
    const giveUp = new AbortController();
    const { client, meter } = await setUp(({ path }) => {
      if (!isToken(path)) giveUp.abort(new Error('enough'));
      return isToken(path) ? undefined : 'silence';
    });
    await expect(search(client, meter, 'read', giveUp.signal)).rejects.toThrow('enough');
  });

  it('says nothing of secrets, tokens or rows in the log or in the error', async () => {
    const log = newLog();
    const { client } = await setUp(
      ({ path, body }) =>
        isToken(path)
          ? undefined
          : { status: 400, body: { code: 1254015, msg: 'types do not match', echo: body } },
      { log },
    );
    const error: unknown = await create(client).catch((reason: unknown) => reason);
    const { inspect } = await import('node:util');
    const told = `${log.lines.join('\n')}\n${inspect(error, { depth: 20 })}`;
    expect(told).toContain('1254015');
    for (const secret of ['张三', 't-1', appSecret]) expect(told).not.toContain(secret);
  });
});

describe('the token', () => {
  it('is fetched once for calls that start together', async () => {
    const { server, client, meter } = await setUp(() => undefined);
    await Promise.all([search(client, meter), search(client, meter), search(client, meter)]);
    expect(server.seen.filter(({ path }) => isToken(path))).toHaveLength(1);
    expect(meter.counts.read).toBe(4);
  });

  it('is renewed once when Feishu refuses it, and the call repeated', async () => {
    let tokens = 0;
    const { server, client, meter } = await setUp(({ path, headers }) => {
      if (isToken(path)) return { body: { code: 0, tenant_access_token: `t-${++tokens}`, expire: 7200 } };
      return headers.authorization === 'Bearer t-2'
        ? undefined
        : { status: 400, body: { code: 99991663, msg: 'bad' } };
    });
    await search(client, meter);
    await search(client, meter);
    expect(tokens).toBe(2);
    expect(server.business()).toHaveLength(3);
    expect(meter.counts).toEqual({ read: 5, write: 0, refused: 0, chat: 0 });
  });

  it('is renewed once only, then the failure is told', async () => {
    const { server, client } = await setUp(({ path }) =>
      isToken(path) ? undefined : { status: 400, body: { code: 99991661, msg: 'missing' } },
    );
    expect(await failureFrom(search(client))).toMatchObject({ code: 99991661, verdict: 'stop' });
    expect(server.business()).toHaveLength(2);
  });

  it('is fetched anew before it ends', async () => {
    const clock = quickClock();
    const { server, client } = await setUp(() => undefined, { clock });
    await search(client);
    await clock.sleep(6_500_000);
    await search(client);
    await clock.sleep(400_000);
    await search(client);
    expect(server.seen.filter(({ path }) => isToken(path))).toHaveLength(2);
  });

  it('belongs to its client: another domain with the same app asks for its own', async () => {
    const one = await setUp(() => undefined);
    const other = await setUp(() => undefined);
    await search(one.client);
    await search(other.client);
    expect(other.server.seen.filter(({ path }) => isToken(path))).toHaveLength(1);
  });

  it.each([
    [10003, 'invalid param', 'wrong-credentials', 'FEISHU_APP_ID / FEISHU_APP_SECRET'],
    [10014, 'app is disabled', 'app-not-available', 'FEISHU_APP_ID'],
    [10014, 'app secret invalid', 'wrong-credentials', 'FEISHU_APP_SECRET'],
    [10014, 'app id not exists', 'wrong-credentials', 'FEISHU_APP_ID'],
    [10015, 'no', 'wrong-credentials', 'FEISHU_APP_SECRET'],
    [99991543, 'no', 'wrong-credentials', 'FEISHU_APP_ID / FEISHU_APP_SECRET'],
  ])('refused with %i, %s, names the setting and the console page', async (code, msg, problem, where) => {
    const { server, client } = await setUp(({ path }) =>
      isToken(path) ? { body: { code, msg } } : undefined,
    );
    const told = await problemFrom(create(client));
    expect(told).toMatchObject({ code: problem, where });
    expect(told.cure.zh).toMatch(/open\.feishu\.cn\/app|管理后台/);
    expect(server.business()).toHaveLength(0);
  });

  it('that cannot be fetched leaves the write unsent, and the next call asks again', async () => {
    let tokens = 0;
    const { client } = await setUp(({ path }) => {
      if (!isToken(path)) return undefined;
      tokens += 1;
      return tokens === 1 ? { status: 502, body: '<html></html>' } : undefined;
    });
    expect(await failureFrom(create(client))).toMatchObject({ verdict: 'round', mayHaveHappened: false });
    await expect(create(client)).resolves.toBeDefined();
  });
});

it('counts throttled and conflicting calls as refused, others by kind', async () => {
  const answers = [{ code: 1254291 }, { code: 99991400 }, { code: 1254015 }, { code: 0 }];
  const { client, meter } = await setUp(({ path }) =>
    isToken(path) ? undefined : { body: answers.shift() },
  );
  for (let i = 0; i < 4; i += 1) await create(client, meter).catch(() => undefined);
  expect(meter.counts).toEqual({ read: 1, write: 2, refused: 2, chat: 0 });
});

it('refuses calls once it is stopped', async () => {
  const { client } = await setUp(() => undefined);
  await search(client);
  client.stop();
  await expect(search(client)).rejects.toThrow('stopped');
});

it('knows the time of Feishu by its last answer, and before the first that of this machine', async () => {
  const date = 'Mon, 23 Nov 2026 06:00:00 GMT';
  const own = { ...quickClock(), now: () => Date.parse('2026-11-23T09:30:00Z') };
  const { client } = await setUp(
    ({ path }) => (isToken(path) ? undefined : { body: { code: 0, data: { items: [] } }, headers: { date } }),
    { clock: own },
  );
  expect(client.time()).toBe(own.now());
  await search(client);
  expect(client.time()).toBe(Date.parse(date));
});
