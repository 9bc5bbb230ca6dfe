import { type Browser, chromium, type Page } from 'playwright-core';
import { inject } from 'vitest';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where Chromium is. */
    chromium: string;
  }
}

/** Starts Chromium. Its own sandbox does not work for root, and only our own page is shown in it. */
export const startBrowser = (executablePath = inject('chromium')): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: ['--no-sandbox', '--disable-gpu', '--disable-software-rasterizer'],
  });

/** How a page is looked at. */
export interface Sight {
  readonly language?: 'zh' | 'en';
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

/** Opens the playground's page and waits until it shows its world. Whatever the page complains about is an error. */
export async function look(browser: Browser, url: string, sight: Sight = {}): Promise<Page> {
  const { language = 'en', width = 1440, height = 900, dark = false } = sight;
  const page = await browser.newPage({
    viewport: { width, height },
    timezoneId: 'Asia/Shanghai',
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  page.on('pageerror', (error) => {
    throw error;
  });
  await page.goto(`${url}?lang=${language}`);
  await page.locator('#page[data-ready=true]').waitFor();
  return page;
}
