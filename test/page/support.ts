import { type Playground, startPlayground } from 'bitable-playground';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { botMenu } from '../../src/bot/commands/registry.ts';
import { look, type Sight, startBrowser } from '../support/browser.ts';
import { sendCard } from '../support/send-card.ts';
import { newWorld, type Opened, type World, type WorldOptions } from '../support/world.ts';

/** Somebody of the cast. */
type Person = ReturnType<Playground['person']>;

/** A bot, its Feishu, and the page on which people see both. */
export interface Stage {
  readonly world: World;
  readonly program: Opened;
  readonly page: Page;
  readonly boss: Person;
  readonly sales: Person;
}

/** One browser for a test file. */
export function newTheatre() {
  let browser: Browser | undefined;
  beforeAll(async () => {
    browser = await startBrowser();
  });
  afterAll(() => browser?.close());

  const show = async (url: string, sight?: Sight): Promise<Page> => {
    if (!browser) throw new Error('There is no browser.');
    const page = await look(browser, url, sight);
    onTestFinished(() => page.close());
    return page;
  };

  return {
    /** The real bot, after what is done `before` it listens; the boss is an admin, both have a chat with it and share a group. */
    bot: async (
      options: WorldOptions = {},
      before: (world: World) => Promise<void> = async () => undefined,
    ): Promise<Stage> => {
      const world = await newWorld(options);
      await before(world);
      const { feishu, env } = world;
      const [boss, sales] = [feishu.person('Ada'), feishu.person('Bob')];
      env['ADMINS'] = boss.openId;
      for (const one of [boss, sales]) feishu.chat({ kind: 'p2p', members: [one] });
      feishu.chat({ kind: 'group', name: 'Order desk', members: [boss, sales] });
      const program = await world.open();
      await program.serve();
      await feishu.connections.ready();
      const page = await show(
        feishu.openPage({ cast: [{ person: boss }, { person: sales }], menu: botMenu }).url,
      );
      return { world, program, page, boss, sales };
    },
    /** No bot: the test itself sends cards. */
    alone: async (sight?: Sight) => {
      const feishu = await startPlayground({ rates: false });
      onTestFinished(() => feishu.stop());
      const person = feishu.person('Ada');
      const chat = feishu.chat({ kind: 'p2p', members: [person] });
      const { url } = feishu.openPage({ cast: [{ person }] });
      return { feishu, chat, url, person, page: await show(url, sight) };
    },
    show,
  };
}

/** Sends a card of these elements as the bot would. */
export const sendElements = (
  playground: Playground,
  chatId: string,
  elements: readonly object[],
  header: object = {},
): Promise<string> => sendCard(playground, chatId, { schema: '2.0', header, body: { elements } });

export const plain = (content: string): object => ({ tag: 'plain_text', content });

/** Types a line into the chat and sends it. */
export async function say(page: Page, line: string): Promise<void> {
  await page.getByRole('textbox', { name: 'Message' }).fill(line);
  await page.keyboard.press('Enter');
}

/** The newest card of the bot. */
export const newestCard = (page: Page): Locator => page.locator('.message .card').last();
