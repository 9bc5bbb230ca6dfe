import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { play } from './stage.ts';

// All temporary files of these tests go into a folder of their own, so that what is left behind can be seen.
const before = process.env['TMPDIR'];
let own = '';
beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'demo-test-'));
  process.env['TMPDIR'] = own;
});
afterAll(() => {
  if (before === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = before;
  rmSync(own, { recursive: true });
});
afterEach(() => {
  expect(readdirSync(own).filter((name) => name.includes('demo'))).toEqual([]);
  expect(process.listeners('exit').filter(({ name }) => name === 'remove')).toEqual([]);
});

/** The number in front of a button in what was drawn last. */
const numberOf = (out: string, label: string): string => {
  const found = [...out.matchAll(/\[(\d+)\] ([A-Z][a-z]+(?: [a-z]+)*)/g)].filter(
    ([, , name]) => name === label,
  );
  return found.at(-1)?.[1] ?? `no ${label}`;
};

describe('the demo', () => {
  it('says in three lines what is started, then plays a conversation that ends with a synced table', async () => {
    const demo = play({ once: true, rows: 300 });
    const state = await demo.ended;
    expect(state).toMatchObject({ status: 'done', rows: { read: 300, created: 300 } });
    const lines = demo.out().split('\n');
    expect(lines.slice(0, 3)).toEqual([
      'This starts a local Feishu, a sample shop (SQLite, 300 orders) and the bot.',
      "The bot is the real program: Feishu's SDK, long connection, only on 127.0.0.1.",
      'No account is needed, nothing leaves this machine, nothing stays behind.',
    ]);
    expect(lines[3]).toBe('Robin ▸ /sync orders');
    expect(demo.out()).toMatch(/\[Done\][\s\S]*300 +0 +0 +0/);
    expect(demo.out()).toContain('started by Robin');
    expect(demo.out()).toContain('[1] Run again   [2] Verify   [3] Open table');
    expect(demo.logged).toEqual([]);
  });

  it('ends with the last line typed, once the bot has come to rest', async () => {
    const demo = play({ open: true });
    const [, url = ''] = /^ {2}(http:\/\/127\.0\.0\.1:\d+\/)\n/m.exec(await demo.until('/\n')) ?? [];
    // There is no browser here to be opened.
    await demo.until('No browser could be started');
    await expect(play({ port: Number(new URL(url).port) }).ended).rejects.toMatchObject({
      problems: [{ code: 'demo-port', where: '--port' }],
    });
    demo.type('/sync list');
    demo.hangUp();
    expect(await demo.ended).toMatchObject({ status: 'done' });
    expect(demo.out()).toContain('Robin ▸ /sync list');
    expect(demo.out()).toContain('Syncs · 1');
  });

  it('sends what is typed as messages, and presses buttons by their number', async () => {
    const demo = play({});
    await demo.until('[1] Run again   [2] Verify   [3] Open table');
    demo.type('7');
    await demo.until('The newest card has no button 7.');
    demo.type(' 3 ');
    await demo.until('pressed "Open table" → Opening the table.');
    await demo.until('The table Orders has 60 records');
    // The last order, as it stands in the table.
    await demo.until('20260105000060 · ');
    demo.type('');
    demo.type('/help');
    await demo.until('Robin ▸ /help');
    await demo.until('Your open_id: ou_');
    demo.type('/sync orders');
    await demo.until('Robin ▸ /sync orders');
    expect(await demo.until('[1] Run again')).toMatch(/ 0 +0 +0 +60 /);
    demo.type('new orders');
    await demo.until('The shop changed: 15 new, 6 changed, 3 gone.');
    demo.type('1');
    await demo.until('pressed "Run again" → Started');
    expect(await demo.until('[1] Run again')).toMatch(/ 15 +6 +3 +51 /);
    demo.hangUp();
    await demo.ended;
  });

  it('leaves at once when asked to, also in the middle of a run', async () => {
    const demo = play({ rows: 5000 });
    await demo.until('[Uploading]');
    demo.leave();
    await demo.until('Clearing up');
    await demo.ended;
    expect(demo.out()).not.toContain('[Done]');
  });

  it('leaves when it was asked to before it began', async () => {
    const demo = play({ once: true });
    demo.leave();
    await demo.ended;
    expect(demo.out()).toContain('Clearing up');
  });
});

describe('with faults', () => {
  it('shows each of them, fails in part, and is put right by retry and another run', async () => {
    const demo = play({ rows: 400, faults: true });
    expect(await demo.until('Robin ▸ /sync orders')).toMatch(/① throttled call — .*\n.*② write conflict — /);
    const story = await demo.until('[Partly done]');
    for (const met of [
      '① throttled call',
      '② write conflict',
      '③ refused row (order ',
      '④ lost answer',
      '⑤ failing chunk (order ',
    ]) {
      expect(story.split(`⚡ ${met}`)).toHaveLength(2);
    }
    expect(story).toContain('[Waiting for the next round]');
    const ended = await demo.until('Open table');
    expect(ended).toContain('349 '); // 400, but for the failing chunk of 50 and the refused row
    expect(ended).toContain('C006 · create 50 rows · 1255001');
    expect(ended).toContain('1254060');

    demo.type(numberOf(ended, 'Retry failed chunks'));
    await demo.until('pressed "Retry failed chunks" → Retrying');
    expect(await demo.until('] Run again')).not.toContain('C006');

    demo.type(numberOf(demo.out(), 'Run again'));
    await demo.until('[Done]');
    await demo.until('[3] Open table');
    demo.type('3');
    await demo.until('The table Orders has 400 records');
    demo.hangUp();
    expect(await demo.ended).toMatchObject({ status: 'done', rows: { read: 400 } });
  });

  it('has a chunk for each fault however small the shop is', async () => {
    const demo = play({ once: true, rows: 1, faults: true });
    expect(await demo.ended).toMatchObject({
      status: 'partial',
      rows: { read: 8, created: 6, rejected: 1, failed: 1 },
    });
    expect(demo.out()).toContain('8 orders');
  });
});
