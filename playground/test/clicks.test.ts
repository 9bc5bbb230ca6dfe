import { describe, expect, it } from 'vitest';
import type { Playground } from '../src/index.ts';
import { caller, type Handlers, newBench } from './support.ts';

const bench = newBench();

const text = (content: string) => ({ tag: 'plain_text', content });
const card = (...elements: unknown[]) => ({ schema: '2.0', body: { elements } });
const button = (more: object = {}) => ({
  tag: 'button',
  name: 'retry',
  text: text('Retry'),
  behaviors: [{ type: 'callback', value: { op: 'retry', run: 'R1' } }],
  ...more,
});

const post = async (playground: Playground, one: object) => {
  const person = playground.person();
  const chat = playground.chat({ kind: 'p2p', members: [person] });
  const call = await caller(playground);
  const body = { receive_id: chat.id, msg_type: 'interactive', content: JSON.stringify(one) };
  const { data } = await call('POST', '/open-apis/im/v1/messages?receive_id_type=chat_id', body);
  const id = String(data['message_id']);
  const patch = () => call('PATCH', `/open-apis/im/v1/messages/${id}`, { content: JSON.stringify(card()) });
  return { person, chat, id, patch };
};

const answering = (answer: unknown): Handlers => ({ 'card.action.trigger': () => answer });

it('brings a click to the real SDK in the documented shape, with a fresh token and event id each time', async () => {
  const playground = await bench.start({ now: () => 1_767_225_600_123 });
  const clicks: Record<string, unknown>[] = [];
  await bench.connect(playground, {
    'card.action.trigger': (data) => {
      clicks.push(data);
      return { toast: { type: 'success', content: 'queued' } };
    },
  });
  const { person, chat, id } = await post(playground, card(button()));
  expect(await playground.click(id, 'retry')).toEqual({ toast: { type: 'success', content: 'queued' } });
  await playground.click(id, 'Retry', { from: playground.person('Other') });
  expect(clicks[0]).toMatchObject({
    event_type: 'card.action.trigger',
    create_time: expect.stringMatching(/^1767225600123\d{3}$/),
    operator: { open_id: person.openId, union_id: person.unionId, tenant_key: playground.tenantKey },
    token: expect.stringMatching(/^c-[0-9a-f]{40}$/),
    action: { tag: 'button', name: 'retry', value: { op: 'retry', run: 'R1' }, timezone: 'Asia/Shanghai' },
    host: 'im_message',
    context: { open_message_id: id, open_chat_id: chat.id },
  });
  expect(clicks[0]?.['action']).not.toHaveProperty('form_value');
  expect(clicks[1]?.['token']).not.toBe(clicks[0]?.['token']);
  expect(clicks[1]?.['event_id']).not.toBe(clicks[0]?.['event_id']);
});

it('puts the card of the answer in place of the old one', async () => {
  const playground = await bench.start();
  const next = card({ tag: 'markdown', content: 'running' });
  await bench.connect(playground, answering({ card: { type: 'raw', data: next } }));
  const { chat, id } = await post(playground, card(button()));
  expect(await playground.click(id, 'retry')).toEqual({ card: next });
  const shown = await chat.next((message) => message.by === 'click');
  expect(shown).toMatchObject({ id, text: 'running', controls: [] });
});

it('sends what a form holds, with what the card had filled in', async () => {
  const playground = await bench.start();
  let sent: unknown;
  await bench.connect(playground, {
    'card.action.trigger': (data) => {
      sent = (data['action'] as { form_value?: unknown }).form_value;
      return {};
    },
  });
  const form = {
    tag: 'form',
    name: 'f',
    elements: [
      { tag: 'input', name: 'note', default_value: 'none' },
      { tag: 'select_static', name: 'source', required: true, options: [{ text: text('A'), value: 'a' }] },
      button({ name: 'go', form_action_type: 'submit' }),
    ],
  };
  const { id } = await post(playground, card(form));
  await expect(playground.click(id, 'go')).rejects.toThrow('source');
  expect(await playground.click(id, { name: 'go', formValue: { source: 'a' } })).toEqual({});
  expect(sent).toEqual({ note: 'none', source: 'a' });
});

it('does not press what is not there, disabled or without a callback', async () => {
  const playground = await bench.start();
  const link = { behaviors: [{ type: 'open_url', default_url: 'https://example.com' }] };
  const { id } = await post(playground, card(button({ disabled: true }), button({ name: 'open', ...link })));
  await expect(playground.click(id, 'nope')).rejects.toThrow('It has: retry, open');
  await expect(playground.click(id, 'retry')).rejects.toThrow('disabled');
  await expect(playground.click(id, 'open')).rejects.toThrow('sends nothing');
});

it('locks the card until the click is answered', async () => {
  const playground = await bench.start();
  let answer = (_: object): void => undefined;
  const arrived = new Promise<void>((resolve) => {
    void bench.connect(playground, {
      'card.action.trigger': () => {
        resolve();
        return new Promise((give) => {
          answer = give;
        });
      },
    });
  });
  await playground.connections.ready();
  const { id, patch } = await post(playground, card(button()));
  const clicked = playground.click(id, 'retry');
  await arrived;
  const refused = await patch();
  expect(refused).toMatchObject({ status: 400, code: 230099 });
  expect(refused.msg).toContain('ErrCode: 11310; ErrMsg: card action is lock');
  answer({});
  expect(await clicked).toEqual({});
  expect((await patch()).code).toBe(0);
});

describe('what a person sees when the answer is', () => {
  const v1 = { elements: [] };
  it.each([
    ['nothing at all', undefined, 200672],
    ['a string', 'hello', 200672],
    ['an unknown kind of toast', { toast: { type: 'loud', content: 'x' } }, 200672],
    ['a toast without words', { toast: { type: 'info' } }, 200672],
    ['a card as a string', { card: { type: 'raw', data: '{}' } }, 200673],
    ['a card without its type', { card: card() }, 200673],
    ['a card that would be refused', { card: { type: 'raw', data: card({ tag: 'blink' }) } }, 200673],
    ['a card of JSON 1.0', { card: { type: 'raw', data: v1 } }, 200830],
  ])('%s', async (_name, answer, error) => {
    const playground = await bench.start();
    await bench.connect(playground, answering(answer));
    const { chat, id } = await post(playground, card(button()));
    expect(await playground.click(id, 'retry')).toEqual({ error });
    expect(chat.messages()[0]?.versions).toHaveLength(1);
  });

  it('an error', async () => {
    const playground = await bench.start();
    await bench.connect(playground, {
      'card.action.trigger': () => {
        throw new Error('no');
      },
    });
    const { id } = await post(playground, card(button()));
    expect(await playground.click(id, 'retry')).toEqual({ error: 200671 });
  });

  it('too late, which is not repeated', async () => {
    const playground = await bench.start({ limits: { ackMs: 30, redelivery: [1, 1] } });
    let times = 0;
    await bench.connect(playground, {
      'card.action.trigger': () => {
        times += 1;
        return new Promise(() => undefined);
      },
    });
    const { id, patch } = await post(playground, card(button()));
    expect(await playground.click(id, 'retry')).toEqual({ error: 200341 });
    expect((await patch()).code).toBe(0);
    expect(times).toBe(1);
  });

  it('nobody connected', async () => {
    const playground = await bench.start();
    const { id } = await post(playground, card(button()));
    expect(await playground.click(id, 'retry')).toEqual({ error: 200340 });
  });
});
