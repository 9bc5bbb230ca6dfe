import { Agent, request } from 'node:http';
import { createConnection } from 'mysql2';

/** What is read, and from where. */
export interface Asked {
  readonly shop: string;
  readonly query: string;
  readonly app: { readonly url: string; readonly id: string; readonly secret: string };
  readonly target: string;
  readonly fields: readonly string[];
}

/** Milliseconds of CPU, of all threads. */
export interface Floor {
  readonly rows: number;
  readonly pages: number;
}

/** Asks for the rows and lets each go as it comes. */
function readRows({ shop, query }: Asked): Promise<void> {
  const connection = createConnection({ uri: shop, supportBigNumbers: true, bigNumberStrings: true });
  return new Promise((resolve, reject) => {
    const reading = connection.query({ sql: query, rowsAsArray: true });
    reading.on('error', reject);
    reading.on('result', () => undefined);
    reading.on('end', () => connection.end(() => resolve()));
  });
}

const agent = new Agent({ keepAlive: true });

interface Answered {
  readonly tenant_access_token?: string;
  readonly data?: { readonly has_more: boolean; readonly page_token?: string };
}

function post(url: string, token: string | undefined, body: object): Promise<Answered> {
  const bearer = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const headers = { 'content-type': 'application/json', ...bearer };
  return new Promise((resolve, reject) => {
    const call = request(url, { method: 'POST', agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () => resolve(JSON.parse(Buffer.concat(parts).toString()) as Answered));
    });
    call.on('error', reject);
    call.end(JSON.stringify(body));
  });
}

/** Reads the whole table, 500 records a page, and lets each page go once it is parsed. */
async function readPages({ app, target, fields }: Asked): Promise<void> {
  const login = `${app.url}/open-apis/auth/v3/tenant_access_token/internal`;
  const { tenant_access_token: token } = await post(login, undefined, {
    app_id: app.id,
    app_secret: app.secret,
  });
  const { pathname, searchParams } = new URL(target);
  const [base = ''] = pathname.split('/').slice(-1);
  const table = searchParams.get('table') ?? '';
  const search = `${app.url}/open-apis/bitable/v1/apps/${base}/tables/${table}/records/search?page_size=500`;
  let more = '';
  do {
    const { data } = await post(search + more, token, { field_names: fields });
    more = data?.has_more ? `&page_token=${data.page_token ?? ''}` : '';
  } while (more !== '');
}

async function cpuOf(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const asked = JSON.parse(process.argv[2] ?? '') as Asked;
const rows = await cpuOf(() => readRows(asked));
const pages = await cpuOf(() => readPages(asked));
agent.destroy();
process.stdout.write(JSON.stringify({ rows, pages } satisfies Floor));
