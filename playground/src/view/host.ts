import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ExtraWire, MenuWire, News, Outcome, PersonWire, Words } from '../page/wire.ts';
import type { Parts } from '../parts.ts';
import type { Person } from '../world.ts';
import { perform, readAct, type Stage } from './acts.ts';
import { type Assets, openAssets } from './assets.ts';
import { type FaultPanel, newFaultPanel } from './fault-panel.ts';
import { type Feed, newFeed } from './feed.ts';
import { rowsWire, tableById, words } from './shapes.ts';

/** Who can be played on the page. */
export interface PageOptions {
  readonly cast: readonly { readonly person: Person; readonly role?: Words }[];
  /** The bot's menu, as the console has it; none when not given. */
  readonly menu?: readonly MenuWire[];
  /** Whose zone dates are shown and typed in; the base's when not given. */
  readonly dates?: 'base' | 'browser';
  /** Buttons of the demo's own; none when not given. */
  readonly extras?: readonly Extra[];
}

/** A button of the demo's own. */
export interface Extra extends ExtraWire {
  /** Does it; resolves with what came of it. */
  run(): Promise<Words>;
}

/** The page while it is open. */
export interface Page {
  /** To be opened in a browser on this machine. */
  readonly url: string;
  /** Resolves when a browser shows it for the first time. */
  readonly seen: Promise<void>;
  close(): void;
}

/** Takes a request for the page; false when it is for somebody else. */
export type PageHandler = (message: IncomingMessage, response: ServerResponse) => boolean;

/** Nothing from elsewhere is loaded, run or sent to, and nobody may put the page into a frame. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

const safe = {
  'content-security-policy': policy,
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

function end(response: ServerResponse, status: number, type: string, body: string | Buffer): void {
  response.writeHead(status, { ...safe, 'content-type': type });
  response.end(body);
}

const json = (response: ServerResponse, status: number, value: unknown): void =>
  end(response, status, 'application/json; charset=utf-8', JSON.stringify(value));

/**
 * Whether a request comes from our own page. A name that somebody else lets point to this machine is refused, and so
 * is an act that a page of another origin sends.
 */
function isOurs({ headers, method }: IncomingMessage, origin: string): boolean {
  const port = origin.slice(origin.lastIndexOf(':'));
  const hosts = [`127.0.0.1${port}`, `localhost${port}`];
  if (!hosts.includes(headers.host ?? '')) return false;
  const sites = ['same-origin', 'none', undefined];
  if (headers.origin !== undefined && headers.origin !== `http://${headers.host}`) return false;
  if (
    !sites.includes(headers['sec-fetch-site'] as string | undefined) &&
    headers['sec-fetch-mode'] !== 'navigate'
  )
    return false;
  return method === 'GET' || headers['content-type'] === 'application/json';
}

/** An act's body, which is small. */
const mostBytes = 64 * 1024;

async function readJson(message: IncomingMessage): Promise<unknown> {
  let text = '';
  for await (const part of message.setEncoding('utf8') as AsyncIterable<string>) {
    text += part;
    if (text.length > mostBytes) throw new Error('That is too much.');
  }
  return JSON.parse(text) as unknown;
}

/** Opens the page on a playground: watches its world from now on. */
export function openPage(
  parts: Parts,
  { cast, menu = [], dates = 'base', extras = [] }: PageOptions,
): Omit<Page, 'url'> & { handle: PageHandler } {
  const people = cast.map(
    ({ person: { openId, name }, role }): PersonWire => ({ openId, name, ...(role && { role }) }),
  );
  const assets = openAssets();
  const streams = new Set<ServerResponse>();
  let sight: () => void = () => undefined;
  const seen = new Promise<void>((resolve) => {
    sight = resolve;
  });
  const feed = newFeed(
    parts,
    { people, menu, extras: extras.map(({ name, does }) => ({ name, does })) },
    () => panel,
  );
  const panel: FaultPanel = newFaultPanel(parts, (hit) => {
    if (hit) feed.note(words(`故障命中：${hit}`, `Fault hit: ${hit}`));
    feed.faults();
  });
  const stage = { parts, panel, extras, note: feed.note };
  const zoneIn = (query: URLSearchParams): string | undefined =>
    dates === 'browser' ? (query.get('zone') ?? undefined) : undefined;

  const route = async (message: IncomingMessage, response: ServerResponse, url: URL): Promise<void> => {
    const what = `${message.method} ${url.pathname}`;
    if (what === 'GET /page/events') {
      stream(response, feed, streams);
      sight();
    } else if (what === 'GET /page/rows')
      json(response, 200, rows(parts, url.searchParams, zoneIn(url.searchParams)));
    else if (what === 'POST /page/acts')
      json(response, 200, await act({ ...stage, zone: zoneIn(url.searchParams) }, message));
    else if (message.method === 'GET' && url.pathname.startsWith(files)) file(response, parts, url.pathname);
    else if (message.method === 'GET') await asset(response, assets, url.pathname);
    else end(response, 405, 'text/plain', 'Only GET works here.');
  };

  return {
    seen,
    handle: (message, response) => {
      const url = new URL(message.url ?? '/', 'http://127.0.0.1');
      if (url.pathname !== '/' && url.pathname !== '/favicon.ico' && !url.pathname.startsWith('/page/'))
        return false;
      if (!isOurs(message, parts.origin())) {
        end(response, 403, 'text/plain', 'This page is for this machine only.');
        return true;
      }
      route(message, response, url).catch((error: unknown) => {
        if (response.headersSent) message.socket.destroy();
        else json(response, 400, { error: error instanceof Error ? error.message : String(error) });
      });
      return true;
    },
    close: () => {
      panel.close();
      feed.close();
      for (const one of streams) one.end();
    },
  };
}

async function asset(response: ServerResponse, assets: Assets, path: string): Promise<void> {
  const name =
    path === '/' ? 'index.html' : path === '/favicon.ico' ? 'icon.svg' : path.slice('/page/'.length);
  const found = await assets(name);
  if (found) end(response, 200, found.type, found.body);
  else end(response, 404, 'text/plain', 'There is no such file.');
}

/** Where files of messages are. */
const files = '/page/files/';

/** Gives a file that the bot sent, always to be saved and never to be shown. */
function file(response: ServerResponse, { world }: Parts, path: string): void {
  const found = world.uploads.get(decodeURIComponent(path.slice(files.length)));
  if (found) {
    response.setHeader(
      'content-disposition',
      `attachment; filename*=UTF-8''${encodeURIComponent(found.name)}`,
    );
    end(response, 200, 'application/octet-stream', found.content);
  } else end(response, 404, 'text/plain', 'There is no such file.');
}

/** https://html.spec.whatwg.org/multipage/server-sent-events.html */
function stream(response: ServerResponse, feed: Feed, streams: Set<ServerResponse>): void {
  response.writeHead(200, { ...safe, 'content-type': 'text/event-stream' });
  const send = (news: News): void => void response.write(`data: ${JSON.stringify(news)}\n\n`);
  response.write('retry: 1000\n\n');
  send({ kind: 'world', world: feed.world() });
  const stop = feed.listen(send);
  streams.add(response);
  response.once('close', () => {
    stop();
    streams.delete(response);
  });
}

function rows({ world }: Parts, query: URLSearchParams, zone: string | undefined): unknown {
  const number = (name: string): number => Math.max(0, Math.floor(Number(query.get(name) ?? 0)) || 0);
  return rowsWire(world, tableById(world, query.get('table') ?? ''), {
    from: number('from'),
    count: number('count'),
    zone,
  });
}

/** What cannot be done is an answer for the person, too. */
async function act(stage: Stage, message: IncomingMessage): Promise<Outcome> {
  const wanted = readAct(await readJson(message));
  try {
    return await perform(stage, wanted);
  } catch (error) {
    return { error: error instanceof Error ? error.message : String(error) };
  }
}
