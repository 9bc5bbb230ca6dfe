import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Playground, startPlayground } from 'bitable-playground';
import { openProgram, type Program } from '../app.ts';
import { botMenu } from '../bot/commands/registry.ts';
import type { DemoOptions, DemoStage } from '../cli/command.ts';
import { readConfig } from '../config.ts';
import { type Problem, problem } from '../sync/words/problem.ts';
import { inLocale, type Locale, type Text, text } from '../sync/words/text.ts';
import { orderFields, ordersYaml, shopWords } from './definition.ts';
import { embeddedShop } from './embedded.ts';
import { type RealShop, realShop } from './mysql.ts';
import type { ShopChange } from './shop.ts';

/** What the demo is played with. */
export interface Scene {
  readonly playground: Playground;
  readonly table: ReturnType<ReturnType<Playground['base']>['table']>;
  readonly person: ReturnType<Playground['person']>;
  /** Everybody who can be played on the page. */
  readonly cast: readonly { readonly person: Scene['person']; readonly role: Text }[];
  /** The bot's menu, as app-manifest.json has it. */
  readonly menu: typeof botMenu;
  readonly chat: ReturnType<Playground['chat']>;
  /** The real one, with Feishu's SDK and the long connection. */
  readonly program: Program;
  /** Changes the shop, which is then to be synced; not there for a database that is only read. */
  readonly change: (() => ShopChange) | undefined;
  /** Ends everything and leaves nothing behind. */
  stop(): Promise<void>;
}

/** What the scene is made from. */
export interface Setting extends Pick<DemoOptions, 'source' | 'faults' | 'port'> {
  /** Orders in the sample shop. */
  readonly rows: number;
  readonly locale: Locale;
  /** The zone of the bot and of the table. */
  readonly timeZone: string;
  /** Told what was found in a real database. */
  found(shop: RealShop): void;
}

/** The person who writes to the bot. */
export const names = { 'zh-CN': '小林', 'en-US': 'Robin' } as const;

/** Who can be played on the page besides the person in the terminal. */
const others = { 'zh-CN': ['小周', '小何'], 'en-US': ['Sam', 'Alex'] } as const;

/** A call takes as long as one over the internet, a large write longer: else there would be nothing to watch. */
const latency = (_route: string, rows: number): number => 120 + rows * 0.4;

/** Builds everything up: shop, playground, definition, program. What was built is taken down again when a step fails. */
export async function openScene(setting: Setting, stage: Pick<DemoStage, 'log' | 'clock'>): Promise<Scene> {
  const releases: (() => Promise<void> | void)[] = [];
  const { locale, timeZone } = setting;
  const stop = async (): Promise<void> => {
    for (let release = releases.pop(); release; release = releases.pop()) await release();
  };
  try {
    const folder = temporaryFolder(releases);
    const shop = await openShop(setting, folder);
    const playground = await openPlayground(setting.port);
    releases.push(() => playground.stop());
    const words = shopWords[locale];
    const tables = [{ name: words.table, fields: orderFields(words) }];
    const table = playground.base({ name: words.base, timeZone, tables }).table();
    const person = playground.person(names[locale]);
    const chat = playground.chat({ kind: 'p2p', members: [person] });
    const [sales, stranger] = others[locale].map((name) => playground.person(name));
    if (!sales || !stranger) throw new Error('Two people more are needed.');
    for (const one of [sales, stranger]) playground.chat({ kind: 'p2p', members: [one] });
    const name = inLocale(text('订单运营', 'Order desk'), locale);
    playground.chat({ kind: 'group', name, members: [person, sales] });
    const cast = [
      { person, role: text('管理员', 'admin') },
      { person: sales, role: text('销售', 'sales') },
      { person: stranger, role: text('外人', 'stranger') },
    ];

    const chunkSize = setting.faults ? Math.max(1, Math.min(500, Math.ceil(shop.orders / 8))) : undefined;
    mkdirSync(join(folder, 'syncs'));
    writeFileSync(join(folder, 'syncs', 'orders.yaml'), ordersYaml(words, table.url, chunkSize));
    const config = readConfig(
      {
        FEISHU_APP_ID: playground.appId,
        FEISHU_APP_SECRET: playground.appSecret,
        FEISHU_DOMAIN: playground.url,
        STORE_URL: `sqlite:${join(folder, 'store.db')}`,
        CONNECTION_SHOP: shop.url,
        ADMINS: person.openId,
        LOCALE: locale,
        TIME_ZONE: timeZone,
      },
      folder,
    );
    const program = await openProgram(config, stage);
    releases.push(() => program.stop());
    await program.serve();
    await playground.connections.ready();
    return { playground, table, person, cast, menu: botMenu, chat, program, change: shop.change, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Starts the local Feishu; at any free port when none is asked for. */
async function openPlayground(port: number | undefined): Promise<Playground> {
  try {
    return await startPlayground({ latency, writers: { per: 'base', atOnce: 4 }, port: port ?? 0 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    throw problem(portTaken(port, code), { cause: error });
  }
}

const portTaken = (port: number | undefined, code: string): Problem => ({
  code: 'demo-port',
  where: '--port',
  message: text(`不能使用端口 ${port ?? 0}（${code}）。`, `Port ${port ?? 0} cannot be used (${code}).`),
  cure: text(
    '换一个端口，或不写 --port，由系统挑一个空闲的。',
    'Choose another port, or leave out --port and a free one is taken.',
  ),
});

/** A folder for all files of the demo. It also goes when the process ends in a hurry. */
function temporaryFolder(releases: (() => void)[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'bitable-sync-demo-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  releases.push(() => {
    process.removeListener('exit', remove);
    remove();
  });
  return folder;
}

async function openShop(
  { source, rows, locale, found }: Setting,
  folder: string,
): Promise<{ readonly url: string; readonly orders: number; readonly change: Scene['change'] }> {
  if (source !== undefined) {
    const shop = await realShop(source, rows, locale);
    found(shop);
    return { url: source, orders: shop.orders, change: undefined };
  }
  const path = join(folder, 'shop.db');
  const change = embeddedShop(path, rows, locale);
  return { url: `sqlite:${path}`, orders: rows, change };
}
