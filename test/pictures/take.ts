// Takes the pictures of README and docs: npm run pictures. Chinese needs a font such as Debian's fonts-noto-cjk.

import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startPlayground } from 'bitable-playground';
import type { Browser, Page } from 'playwright-core';
import { runCard } from '../../src/cards/run-card.ts';
import { shopWords } from '../../src/demo/definition.ts';
import { playFaults } from '../../src/demo/faults.ts';
import { openScene } from '../../src/demo/scene.ts';
import { systemClock } from '../../src/process.ts';
import type { Locale } from '../../src/sync/words/text.ts';
import { at, everyState } from '../cards/states.ts';
import { look, type Sight, startBrowser } from '../support/browser.ts';
import { readyChromium } from '../support/chromium.ts';
import { sendCard } from '../support/send-card.ts';

const folder = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));
const say = (line: string): void => console.error(line);
const languages = { 'zh-CN': 'zh', 'en-US': 'en' } as const;
const silent = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** Writes a picture; says how large it is. */
async function take(page: Page, name: string): Promise<void> {
  const path = join(folder, name);
  await page.screenshot({ path });
  say(`${name}: ${Math.round(statSync(path).size / 1024)} KB`);
}

/** The page while the demo plays its faults: one chunk failed, somebody edits, a fault is armed. */
async function takePage(browser: Browser, locale: Locale, sight: Sight, name: string): Promise<void> {
  const setting = {
    ...{ source: undefined, faults: true, rows: 2000, locale, found: () => undefined },
    ...{ port: undefined, timeZone: 'Asia/Shanghai' },
  };
  const scene = await openScene(setting, { clock: systemClock, log: silent });
  try {
    const { playground, chat } = scene;
    const page = await look(browser, playground.openPage(scene).url, {
      ...sight,
      language: languages[locale],
    });
    playFaults(playground.faults, shopWords[locale].key, () => undefined);
    chat.say('/sync orders');
    await chat.next(({ controls }) => controls.some((one) => one.name === 'retry'), { withinMs: 60_000 });
    await page.locator('[data-name=retry]').waitFor();
    for (const fault of ['conflict', 'slow']) await page.locator(`[data-fault=${fault}]`).click();
    await page.locator('.fault.armed').nth(1).waitFor();
    await page.locator('#edit-some').click();
    await page.locator('.glow').waitFor();
    await take(page, name);
    await page.close();
  } finally {
    await scene.stop();
  }
}

/** The chat alone, in three columns. */
const sheet = `
  .top, .table, .fault-pane, .log-pane, #composer, .pane-head, .avatar, .who, .press, .message:not(:has(.card)) { display: none !important }
  #page, .panes, .pane { display: block; height: auto; border: 0; padding: 0; background: none }
  .messages { columns: 3; column-gap: 18px; padding: 22px; zoom: 0.82; height: auto; overflow: visible }
  .message { display: block; break-inside: avoid; margin: 0 0 18px }
  .bubble { max-width: none }
  .card { box-shadow: none }
`;

/** A card of each state. */
async function takeCards(browser: Browser, locale: Locale, name: string): Promise<void> {
  const playground = await startPlayground({ rates: false, limits: { messageRates: false } });
  try {
    const person = playground.person(locale === 'zh-CN' ? '小林' : 'Robin');
    const chat = playground.chat({ kind: 'p2p', members: [person] });
    for (const state of Object.values(everyState)) {
      const title = locale === 'zh-CN' ? '订单' : 'Orders';
      const acts = state.acts.map((act) => ({ ...act, by: { ...act.by, openId: person.openId } }));
      const view = { now: at + 21_000, timeZone: 'Asia/Shanghai', locale, approvers: [person.openId] };
      await sendCard(playground, chat.id, runCard({ ...state, title, acts }, view));
    }
    const { url } = playground.openPage({ cast: [{ person }] });
    const page = await look(browser, url, { language: languages[locale], width: 960, height: 100 });
    const adopt = `const style = new CSSStyleSheet(); style.replaceSync(${JSON.stringify(sheet)}); document.adoptedStyleSheets = [style];`;
    await page.evaluate(adopt);
    const height = await page
      .locator('.messages')
      .evaluate((one) => Math.ceil(one.getBoundingClientRect().height));
    await page.setViewportSize({ width: 960, height });
    await take(page, name);
    await page.close();
  } finally {
    await playground.stop();
  }
}

const browser = await startBrowser(await readyChromium(say, ['chromium', 'fonts-noto-cjk', 'fonts-inter']));
try {
  await takePage(browser, 'en-US', { width: 1280, height: 800 }, 'demo.png');
  await takePage(browser, 'zh-CN', { width: 1280, height: 800 }, 'demo.zh-CN.png');
  await takeCards(browser, 'en-US', 'cards.png');
  await takeCards(browser, 'zh-CN', 'cards.zh-CN.png');
} finally {
  await browser.close();
}
