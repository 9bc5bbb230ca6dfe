import type { Page } from 'playwright-core';
import { expect, it } from 'vitest';
import { newTheatre, plain, sendElements } from './support.ts';

const theatre = newTheatre();

/** The next act that the page sends. */
const nextAct = async (page: Page): Promise<unknown> => {
  const request = await page.waitForRequest(
    (one) => one.method() === 'POST' && one.url().includes('/page/acts'),
  );
  return request.postDataJSON() as unknown;
};

it('whatever a card holds stays text: tags, scripts and addresses that are none', async () => {
  const { feishu, chat, page } = await theatre.alone();
  const nasty = '<img src=x onerror="document.title=1"><at id=all></at>`x`';
  await sendElements(
    feishu,
    chat.id,
    [
      { tag: 'div', text: plain(nasty) },
      {
        tag: 'markdown',
        content: `<script>document.title=2</script> [go](javascript:alert(1)) **${nasty}**`,
      },
      {
        tag: 'table',
        columns: [{ name: 'a', data_type: 'text' }],
        rows: [{ a: nasty }],
      },
    ],
    { title: plain(nasty) },
  );

  const card = page.locator('.card');
  await card.waitFor();
  expect(await card.locator('.card-title').textContent()).toBe(nasty);
  expect(await card.locator('.div').textContent()).toBe(nasty);
  expect(await card.locator('td').textContent()).toBe(nasty);
  expect(await card.locator('.md').textContent()).toContain('[go](javascript:alert(1))');
  expect(await card.locator('script, img, a').count()).toBe(0);
  // Only Markdown may name people.
  expect(await card.locator('.at').allTextContents()).toEqual(['@everyone']);
  expect(await page.title()).toBe('bitable-sync demo');
});

it('draws what it knows, and says so where it does not', async () => {
  const { feishu, chat, page } = await theatre.alone();
  const rows = Array.from({ length: 7 }, (_, at) => ({ n: at + 1, t: `row ${at + 1}` }));
  await sendElements(
    feishu,
    chat.id,
    [
      {
        tag: 'column_set',
        columns: [1, 3].map((weight) => ({
          tag: 'column',
          width: 'weighted',
          weight,
          elements: [
            {
              tag: 'markdown',
              content: `**w${weight}** <font color='red'>hot</font> [docs](https://example.com/a)`,
            },
          ],
        })),
      },
      {
        tag: 'collapsible_panel',
        header: { title: plain('More') },
        elements: [{ tag: 'div', text: plain('inside') }],
      },
      {
        tag: 'table',
        page_size: 5,
        columns: [
          { name: 'n', display_name: 'No.', data_type: 'number' },
          { name: 't', display_name: 'Text', data_type: 'text' },
        ],
        rows,
      },
      { tag: 'chart', chart_spec: {} },
      {
        tag: 'button',
        name: 'off',
        disabled: true,
        text: { tag: 'plain_text', content: 'Off', i18n_content: { zh_cn: '不可用', en_us: 'Not now' } },
      },
    ],
    {
      template: 'orange',
      title: { tag: 'plain_text', content: '标题', i18n_content: { zh_cn: '标题', en_us: 'Title' } },
      text_tag_list: [{ tag: 'text_tag', text: plain('Waiting'), color: 'orange' }],
    },
  );

  const card = page.locator('.card');
  await card.getByText('Title').waitFor();
  const [narrow = 0, wide = 0] = await card
    .locator('.column')
    .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().width));
  expect(wide / narrow).toBeGreaterThan(2.5);
  expect(await card.getByRole('link', { name: 'docs' }).first().getAttribute('rel')).toBe(
    'noopener noreferrer',
  );
  expect(await card.getByText('inside').isVisible()).toBe(false);
  await card.getByText('More').click();
  expect(await card.getByText('inside').isVisible()).toBe(true);
  expect(await card.locator('tbody tr').count()).toBe(5);
  await card.getByRole('button', { name: 'Next page' }).click();
  expect(await card.locator('tbody tr').allTextContents()).toEqual(['6row 6', '7row 7']);
  expect(await card.locator('.unsupported').textContent()).toBe('Unsupported element: chart');
  expect(await card.getByRole('button', { name: 'Not now' }).isDisabled()).toBe(true);

  await page.getByRole('button', { name: 'Switch to Chinese' }).click();
  await page.locator('.card').getByText('标题').waitFor();
  expect(await page.getByRole('heading', { level: 2 }).allTextContents()).toEqual([
    '会话',
    '多维表格',
    '故障',
    '调用与事件',
  ]);
});

it('a form asks for what is required, then sends everything that was filled in', async () => {
  const { feishu, chat, page } = await theatre.alone();
  const message = await sendElements(feishu, chat.id, [
    {
      tag: 'form',
      name: 'plan',
      elements: [
        {
          tag: 'select_static',
          name: 'sync',
          required: true,
          placeholder: plain('Which sync'),
          options: [
            { text: plain('Orders'), value: 'orders' },
            { text: plain('Stock'), value: 'stock' },
          ],
        },
        { tag: 'input', name: 'note', label: plain('Note'), default_value: 'first' },
        { tag: 'date_picker', name: 'day', placeholder: plain('Day') },
        {
          tag: 'multi_select_static',
          name: 'who',
          placeholder: plain('Who'),
          options: ['a', 'b', 'c'].map((value) => ({ text: plain(value), value })),
        },
        { tag: 'button', name: 'go', type: 'primary_filled', text: plain('Run'), form_action_type: 'submit' },
      ],
    },
  ]);
  const run = page.getByRole('button', { name: 'Run' });
  await run.click();
  await page.getByText('Fill in what is required first').waitFor();
  const select = page.getByRole('combobox', { name: 'Which sync' });
  expect(await select.getAttribute('aria-invalid')).toBe('true');
  await select.selectOption('stock');
  await page.getByRole('textbox', { name: 'Note' }).fill('  <b>two</b>');
  await page.getByLabel('Day').fill('2026-11-23');
  await page.getByLabel('c', { exact: true }).check();

  const [sent] = await Promise.all([nextAct(page), run.click()]);

  expect(sent).toMatchObject({
    kind: 'click',
    message,
    name: 'go',
    formValue: { sync: 'stock', note: '  <b>two</b>', day: '2026-11-23 +0800', who: ['c'] },
  });
  // Nobody listens here, as the client says.
  await page.getByText('The bot gave no right answer (200340)').waitFor();
});

it('a table can be changed by hand: a cell, a new row, a row that goes', async () => {
  const { feishu, page } = await theatre.alone();
  const table = feishu
    .base({
      tables: [
        {
          name: 'Things',
          fields: [
            { name: 'Name', type: 'Text' },
            { name: 'Count', type: 'Number', property: { formatter: '0' } },
          ],
          records: Array.from({ length: 500 }, (_, at) => ({ Name: `thing ${at + 1}`, Count: at })),
        },
      ],
    })
    .table();
  await page.reload();
  await page.getByText('500 records').waitFor();
  expect(await page.locator('.spacer .row').count()).toBeLessThan(60);

  // By keyboard alone.
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('Enter');
  await page.keyboard.type('41');
  await page.keyboard.press('Enter');
  await page.locator('.glow').getByText('41').waitFor();
  expect(table.records()[0]?.fields).toEqual({ Name: 'thing 1', Count: 41 });
  await page.keyboard.press('F2');
  await page.keyboard.type('many');
  await page.keyboard.press('Enter');
  await page.getByText('“many” is no number.').waitFor();

  await page.getByRole('button', { name: 'Delete this row 2', exact: true }).click();
  await page.getByText('499 records').waitFor();
  await page.getByRole('gridcell', { name: 'thing 2', exact: true }).waitFor({ state: 'detached' });
  await page.getByRole('button', { name: /Add a row/u }).click();
  await page.getByText('500 records').waitFor();
  // It follows to where the new row is.
  await page.getByRole('rowheader', { name: /^500/u }).waitFor();
});

it('is usable on a phone and by keyboard: nothing sideways, one card in the tab order, what is new is told', async () => {
  const { feishu, chat, page } = await theatre.alone({ width: 390, height: 760 });
  const focused = page.locator(':focus');
  expect(await focused.getAttribute('id')).toBe('write');
  for (let at = 1; at <= 3; at += 1)
    await sendElements(
      feishu,
      chat.id,
      Array.from({ length: 6 }, (_, button) => ({
        tag: 'button',
        name: `b${button}`,
        text: plain(`Button ${at}.${button}`),
      })),
    );
  await page.getByText('Button 3.5').waitFor();
  expect(
    await page
      .locator('.message button')
      .evaluateAll((all) => all.filter((one) => one.tabIndex === 0).length),
  ).toBe(6);
  // Somebody who reads above is told of what is new, and taken to what they say themselves.
  const list = page.locator('.messages');
  await list.evaluate((one) => one.scrollTo(0, 0));
  await sendElements(feishu, chat.id, [{ tag: 'div', text: plain('news') }]);
  const pill = page.getByRole('button', { name: 'New messages' });
  await pill.click();
  await pill.waitFor({ state: 'hidden' });
  await list.evaluate((one) => one.scrollTo(0, 0));
  await page.locator('h1').click();
  await page.keyboard.press('/');
  await page.keyboard.type('mine');
  await page.keyboard.press('Enter');
  await page.locator('.message.mine').waitFor();
  expect(await list.evaluate((one) => one.scrollHeight - one.scrollTop - one.clientHeight)).toBeLessThan(2);
  for (const language of ['Switch to Chinese', '切换为英文']) {
    await page.getByRole('button', { name: language }).click();
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  }
  await page.locator('.skip').focus();
  await page.keyboard.press('Enter');
  expect(await focused.getAttribute('id')).toBe('write');
});

it('lines of the log can be narrowed down', async () => {
  const { feishu, chat, page } = await theatre.alone();
  await sendElements(feishu, chat.id, [{ tag: 'hr' }]);
  const lines = page.getByRole('region', { name: 'Calls and events' }).locator('tbody tr');
  await lines.nth(1).waitFor();
  expect(await lines.count()).toBe(2);
  await page.getByLabel('Filter by path').fill('token');
  expect(await lines.count()).toBe(1);
  await page.getByLabel('Errors only').check();
  expect(await lines.count()).toBe(0);
  await page.getByText('Nothing to show yet.').waitFor();
});
