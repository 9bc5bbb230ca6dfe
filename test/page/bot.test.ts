import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';
import { newestCard, newTheatre, say } from './support.ts';

const theatre = newTheatre();

/** A promise that the test settles. */
function gate() {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

it('a typed command shows its progress in one card, while the table beside it fills', async () => {
  const { world, page } = await theatre.bot({ orders: 40, definition: { chunkSize: 10, concurrency: 1 } });
  const third = gate();
  let writes = 0;
  world.feishu.onRequest(async ({ route }) => {
    if (route.name !== 'records.batch_create') return;
    writes += 1;
    if (writes === 3) await third.opened;
  });

  await say(page, '/sync orders');

  await newestCard(page).getByText('Uploading').waitFor();
  await page.getByText('20 records').waitFor();
  await newestCard(page)
    .getByText(/2 of 4|2 \/ 4/u)
    .first()
    .waitFor();
  third.open();
  await newestCard(page).getByText('Done', { exact: true }).waitFor();
  expect(await page.locator('.message .card').count()).toBe(1);
  await page.getByText('40 records').waitFor();
  const row = page.locator('.spacer .row').filter({ hasText: 'O040' });
  await row.waitFor();
  expect(await page.getByRole('region', { name: 'Calls and events' }).getByText('batch_create').count()).toBe(
    4,
  );
  expect(await page.locator('#announcer').textContent()).toContain('Done');
});

it('a press on retry sends what failed again, and says who pressed it', async () => {
  const { world, page } = await theatre.bot({
    orders: 20,
    speed: 3,
    definition: { chunkSize: 10, concurrency: 1, rounds: 0 },
  });
  const mend = world.feishu.faults.add({
    when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
    fault: { kind: 'code', code: 1255001 },
  });
  await say(page, '/sync orders');
  const retry = newestCard(page).getByRole('button', { name: /^Retry/u });
  await retry.waitFor();
  expect(world.table.size()).toBe(0);
  mend();

  await retry.click();

  await page.locator('.toast').first().waitFor();
  await newestCard(page).getByText('Done', { exact: true }).waitFor();
  await page.getByText(/Ada pressed “Retry/u).waitFor();
  await page.getByText('20 records').waitFor();
  await world.expectSame();
});

it('the rows that were not written come as a file, into the chat with whoever pressed', async () => {
  const { world, page } = await theatre.bot({
    orders: 20,
    speed: 3,
    definition: { chunkSize: 10, concurrency: 1, rounds: 0 },
  });
  world.feishu.faults.add({
    when: { route: 'records.batch_create', times: Number.POSITIVE_INFINITY },
    fault: { kind: 'code', code: 1255001 },
  });
  await page.getByRole('button', { name: /Order desk/u }).click();
  await say(page, '/sync orders');

  await page.getByRole('button', { name: 'Download failed rows' }).click();

  await page.getByRole('button', { name: /Sync Bot/u }).click();
  const [download] = await Promise.all([page.waitForEvent('download'), page.locator('a.file').click()]);
  expect(download.suggestedFilename()).toMatch(/^orders-\w+\.csv$/u);
  const lines = (await text(await download.createReadStream())).trim().split('\n');
  expect(lines).toHaveLength(21);
  expect(lines[1]).toContain('O001');
});

it('a brake asks: who may not is refused, and who may confirms in a window first', async () => {
  const { world, page } = await theatre.bot({ orders: 30, speed: 3 }, async ({ run, shop }) => {
    await run();
    await shop.exec("delete from user_orders where id > 'O020' and production_id = 10");
  });
  await page.getByRole('button', { name: /Order desk/u }).click();
  await say(page, '/sync orders');
  const apply = page.getByRole('button', { name: 'Apply', exact: true });
  await apply.waitFor();

  await page.getByLabel('You are').selectOption({ label: 'Bob' });
  await apply.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).click();
  await page.locator('.toast-warning').waitFor();
  expect(world.table.size()).toBe(30);

  await page.getByLabel('You are').selectOption({ label: 'Ada' });
  await apply.click();
  await page.keyboard.press('Escape');
  await apply.click();
  await page.getByRole('dialog').getByRole('button', { name: 'Confirm' }).press('Enter');
  // The group was told in a line of its own that somebody must decide: the run's card stands above it.
  await page.locator('.message .card').getByText('Done', { exact: true }).waitFor();
  await page.getByText('20 records').waitFor();
  await world.expectSame();
});

it('a fault that is armed is used by the next call, and a permission is given back', async () => {
  const { world, page } = await theatre.bot({ orders: 10 });
  const conflict = page.getByRole('button', { name: /Write conflict/u });
  const revoke = page.getByRole('button', { name: /Revoke permission/u });
  await conflict.click();
  await conflict.getByText('armed').waitFor();
  await conflict.getByText('Waits for a write').waitFor();
  await say(page, '/sync orders');
  await newestCard(page).getByText('Done', { exact: true }).waitFor();
  await conflict.getByText('hit 1').waitFor();
  expect(await conflict.getAttribute('aria-pressed')).toBe('false');
  expect(world.writes()).toEqual(['batch_create !1254291', 'batch_create 10']);

  await revoke.click();
  await revoke.getByText('on', { exact: true }).waitFor();
  await say(page, '/sync orders');
  await page.locator('.card-head.head-red').waitFor();
  await revoke.click();
  await say(page, '/sync orders');
  await newestCard(page).getByText('Done', { exact: true }).waitFor();
});

it('the bot’s menu stands above the line: its entries do what text does, by mouse and by keyboard', async () => {
  const { page } = await theatre.bot({ orders: 5 });
  const menu = page.getByRole('group', { name: 'Bot menu' });
  await menu.getByRole('button', { name: 'Syncs' }).click();
  await newestCard(page).getByText('Syncs · 1').waitFor();

  const more = menu.getByRole('button', { name: 'More' });
  await more.press('ArrowUp');
  expect(await more.getAttribute('aria-expanded')).toBe('true');
  const focused = page.locator(':focus');
  expect(await focused.textContent()).toBe('Reminders');
  await page.keyboard.press('ArrowDown');
  expect(await focused.textContent()).toBe('Plan only');
  await page.keyboard.press('Escape');
  expect([await focused.textContent(), await menu.getByRole('menu').isVisible()]).toEqual(['More', false]);
  await page.keyboard.press('Enter');
  await page.keyboard.press('End');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await newestCard(page).getByText('/sync verify').waitFor();
  expect([await focused.textContent(), await menu.getByRole('menu').isVisible()]).toEqual(['More', false]);

  await page.getByRole('button', { name: /Order desk/u }).click();
  await page.getByLabel('@ the bot').waitFor();
  expect(await menu.count()).toBe(0);

  // A mention that is typed is the one that counts, and a reload keeps who looks and in which language.
  await say(page, '@Sync Bot /sync list');
  await newestCard(page).getByText('Syncs · 1').waitFor();
  expect(await page.locator('.message.mine .text').allTextContents()).toEqual(['@Sync Bot /sync list']);
  await page.getByLabel('You are').selectOption({ label: 'Bob' });
  await page.getByRole('button', { name: 'Switch to Chinese' }).click();
  await page.reload();
  await page.locator('#page[data-ready=true]').waitFor();
  expect(await page.getByLabel('身份').locator('option:checked').textContent()).toBe('Bob');
});
