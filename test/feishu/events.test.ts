import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChatEvent, Toast } from '../../src/bot/ports.ts';
import {
  arrivedEvent,
  clickEvent,
  menuEvent,
  messageEvent,
  receiver,
} from '../../src/feishu/events/events.ts';
import { newLog, wallClock } from './parts.ts';

const self = 'ou_bot0000000000000000000000000000';
const header = {
  event_id: 'ev1',
  event_type: 'im.message.receive_v1',
  create_time: '1767225600123',
  token: '',
  app_id: 'cli_a1b2c3d4e5f60718',
  tenant_key: 'tenant1',
};

const sender = {
  sender_id: { open_id: 'ou_anna', union_id: 'on_anna', user_id: '' },
  sender_type: 'user',
  tenant_key: 'tenant1',
};

const mention = (key: string, openId: string, name: string) => ({
  key,
  id: { open_id: openId, union_id: 'on_x', user_id: '' },
  name,
  tenant_key: 'tenant1',
});

const botMention = mention('@_user_1', self, 'Sync Bot');

interface Message {
  readonly content: unknown;
  readonly type?: string;
  readonly mentions?: readonly unknown[];
  readonly more?: Readonly<Record<string, unknown>>;
}

const event = ({ content, type = 'text', mentions, more = {} }: Message) => ({
  sender,
  message: {
    message_id: 'om_1',
    chat_id: 'oc_1',
    chat_type: 'group',
    message_type: type,
    content: typeof content === 'string' ? content : JSON.stringify(content),
    ...(mentions ? { mentions } : {}),
    ...more,
  },
});

/** As the SDK's dispatcher hands it over. */
const melted = (message: Message) => ({ schema: '2.0', ...header, ...event(message) });

const textFrom = (message: Message) => messageEvent(melted(message), self)?.text;

describe('a message', () => {
  it('is read from the melted form and from the whole envelope alike', () => {
    const message = { content: { text: '@_user_1 /sync orders' }, mentions: [botMention] };
    const expected = {
      kind: 'message',
      id: 'ev1',
      message: 'om_1',
      chat: 'oc_1',
      chatKind: 'group',
      tenant: 'tenant1',
      from: 'ou_anna',
      fromBot: false,
      text: ' /sync orders',
      mentioned: true,
      at: 1767225600123,
    };
    expect(messageEvent(melted(message), self)).toEqual(expected);
    expect(messageEvent({ schema: '2.0', header, event: event(message) }, self)).toEqual(expected);
  });

  it.each([
    ['a plain line', { content: { text: '/sync orders' } }, '/sync orders', false],
    [
      'other people by name',
      {
        content: { text: '@_user_2 please @_user_1 /sync' },
        mentions: [botMention, mention('@_user_2', 'ou_b', '王五')],
      },
      '@王五 please  /sync',
      true,
    ],
    [
      'ten people, whose keys begin alike',
      {
        content: { text: '@_user_10 and @_user_1 /help' },
        mentions: [botMention, mention('@_user_10', 'ou_t', 'Ten')],
      },
      '@Ten and  /help',
      true,
    ],
    [
      'everybody, which is not the bot',
      { content: { text: '@_all /sync orders' } },
      '@all /sync orders',
      false,
    ],
    [
      'everybody by name',
      { content: { text: '@_all hi' }, mentions: [{ key: '@_all', id: {}, name: '所有人' }] },
      '@所有人 hi',
      false,
    ],
    [
      'a name that looks like a key',
      {
        content: { text: '@_user_2 x' },
        mentions: [botMention, mention('@_user_2', 'ou_b', '_user_1')],
      },
      '@_user_1 x',
      true,
    ],
    [
      'odd blanks and full-width signs as they are',
      { content: { text: '\u00a0／sync\u3000orders' } },
      '\u00a0／sync\u3000orders',
      false,
    ],
    [
      'rich text as received',
      {
        type: 'post',
        content: {
          title: '',
          content: [
            [
              { tag: 'at', user_id: '@_user_1', user_name: 'Sync Bot' },
              { tag: 'text', text: ' /sync ', style: [] },
              { tag: 'a', text: 'orders', href: 'https://example.com' },
            ],
            [{ tag: 'img', image_key: 'img_1' }],
          ],
        },
        mentions: [botMention],
      },
      ' /sync orders\n',
      true,
    ],
    [
      'rich text with a language around it and a title',
      {
        type: 'post',
        content: {
          zh_cn: {
            title: '题',
            content: [
              [
                { tag: 'at', user_id: 'ou_c', user_name: '赵六' },
                { tag: 'md', text: ' hi' },
              ],
            ],
          },
        },
      },
      '题\n@赵六 hi',
      false,
    ],
    ['a picture, which has no text', { type: 'image', content: { image_key: 'img_1' } }, undefined, false],
    ['content that is no JSON', { content: '{"text":' }, undefined, false],
    ['content that is something else', { content: { text: 7 } }, undefined, false],
  ])('gives %s', (_, message, text, mentioned) => {
    const read = messageEvent(melted(message), self);
    expect([read?.text, read?.mentioned]).toEqual([text, mentioned]);
  });

  it('one-to-one and from a bot says so', () => {
    const payload = melted({ content: { text: 'x' }, more: { chat_type: 'p2p' } });
    expect(messageEvent(payload, self)).toMatchObject({ chatKind: 'p2p', fromBot: false });
    const bot = { ...payload, sender: { ...sender, sender_type: 'app' } };
    expect(messageEvent(bot, self)?.fromBot).toBe(true);
  });

  it('does not take the mention of a namesake for its own', () => {
    const message = {
      content: { text: '@_user_1 hi' },
      mentions: [mention('@_user_1', 'ou_other', 'Sync Bot')],
    };
    expect(messageEvent(melted(message), self)).toMatchObject({ mentioned: false, text: '@Sync_Bot hi' });
  });

  it('that lacks what it must have is not read', () => {
    const whole = melted({ content: { text: 'x' } });
    expect(messageEvent(whole, self)).toBeDefined();
    for (const broken of [
      undefined,
      null,
      'x',
      [],
      {},
      { ...whole, event_id: '' },
      { ...whole, sender: undefined },
      { ...whole, sender: { sender_id: {} } },
      { ...whole, message: { ...whole.message, message_id: 7 } },
      { ...whole, message: { ...whole.message, chat_id: undefined } },
    ]) {
      expect(messageEvent(broken, self)).toBeUndefined();
    }
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(
        fc.anything(),
        fc.anything(),
        fc.string(),
        fc.jsonValue(),
        (any, mentions, content, json) => {
          messageEvent(any, self);
          clickEvent(any);
          messageEvent(melted({ content, mentions: [mentions] }), self);
          messageEvent(melted({ content: JSON.stringify({ content: [[json]] }), type: 'post' }), self);
        },
      ),
    );
  });

  it('text without mentions is kept to the letter', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        fc.pre(!/@_(user_\d|all)/.test(text));
        expect(textFrom({ content: { text } })).toBe(text);
      }),
    );
  });
});

const click = {
  schema: '2.0',
  ...header,
  event_type: 'card.action.trigger',
  operator: { tenant_key: 'tenant1', open_id: 'ou_anna', union_id: 'on_anna', user_id: '' },
  token: 'c-1',
  action: {
    tag: 'button',
    name: 'retry',
    value: { op: 'retry', run: 'r1', v: 3 },
    timezone: 'Asia/Shanghai',
  },
  host: 'im_message',
  context: { open_message_id: 'om_1', open_chat_id: 'oc_1' },
};

describe('the time of an event', () => {
  it.each([
    ['1767225600123', 1767225600123],
    ['1767225600123456', 1767225600123],
    [1767225600123, 1767225600123],
    ['1767225600', 1767225600000],
    [1767225600, 1767225600000],
    ['1767225600123456789', 1767225600123],
    ['', undefined],
    ['soon', undefined],
    ['-1', undefined],
    ['17672256001', undefined],
    [{}, undefined],
  ])('%j', (create_time, at) => {
    const melted = { ...header, create_time, ...event({ content: { text: 'x' } }) };
    expect(messageEvent(melted, self)?.at).toBe(at);
  });
});

describe('a click', () => {
  it('is read with its button and value', () => {
    expect(clickEvent(click)).toEqual({
      kind: 'click',
      at: 1767225600123,
      id: 'ev1',
      message: 'om_1',
      chat: 'oc_1',
      tenant: 'tenant1',
      from: 'ou_anna',
      name: 'retry',
      value: { op: 'retry', run: 'r1', v: 3 },
      form: {},
    });
  });

  it('brings a form', () => {
    const form = { since: '2026-01-01 +0800' };
    expect(clickEvent({ ...click, action: { ...click.action, form_value: form } })?.form).toEqual(form);
  });

  it('without operator, card or event ID is not read', () => {
    for (const broken of [
      { ...click, operator: {} },
      { ...click, context: undefined },
      { ...click, event_id: undefined },
      { ...click, action: 'x' },
    ]) {
      expect(clickEvent(broken)).toBeUndefined();
    }
  });
});

describe('what Feishu gets for an event', () => {
  const door = (handle: (event: ChatEvent) => Promise<Toast | undefined>) => {
    const log = newLog();
    return { log, ...receiver({ self, handle, log, clock: wallClock, hide: (words) => words }) };
  };

  it('is the toast, or an empty object', async () => {
    const toast: Toast = { type: 'info', content: '好' };
    expect(await door(async () => toast).receive('card.action.trigger', click)).toEqual({ toast });
    expect(await door(async () => undefined).receive('card.action.trigger', click)).toEqual({});
    expect(
      await door(async () => undefined).receive('im.message.receive_v1', melted({ content: { text: 'x' } })),
    ).toEqual({});
  });

  it('is an empty object when the handler fails, and the log says nothing of the words', async () => {
    const one = door(async () => {
      throw new Error('王五 said something');
    });
    expect(await one.receive('card.action.trigger', click)).toEqual({});
    expect(one.log.lines.join()).toContain('event.failed');
    expect(one.log.lines.join()).not.toContain('王五');
  });

  it('comes in time even when the handler does not', async () => {
    const log = newLog();
    const clock = { now: () => 0, monotonic: () => 0, sleep: async () => undefined };
    const one = receiver({
      self,
      handle: () => new Promise(() => undefined),
      log,
      clock,
      hide: (words) => words.replace('hush', '***'),
    });
    expect(await one.receive('card.action.trigger', click)).toEqual({});
    expect(log.lines.join()).toContain('event.answered-late');
  });

  it('is an empty object for what cannot be read, and nobody handles it', async () => {
    let handled = 0;
    const one = door(async () => {
      handled += 1;
      return undefined;
    });
    expect(await one.receive('im.message.receive_v1', { text: '秘密' })).toEqual({});
    expect(await one.receive('card.action.trigger', undefined)).toEqual({});
    expect(handled).toBe(0);
    expect(one.log.lines.join()).toContain('event.not-understood');
    expect(one.log.lines.join()).not.toContain('秘密');
  });

  it('is an empty object for what nobody asked for, of which one line an hour has the count', async () => {
    let now = 0;
    const log = newLog();
    const clock = { ...wallClock, now: () => now };
    const one = receiver({ self, handle: async () => undefined, log, clock, hide: (words) => words });
    for (; now < 7_200_000; now += 60_000)
      expect(await one.receive('im.message.message_read_v1', { text: '秘密' })).toEqual({});
    for (let at = 0; at < 200; at++) await one.receive(`strange.type_${at}`, {});
    expect(log.lines.filter((line) => line.includes('event.left-out'))).toHaveLength(3);
    expect(log.lines.join()).toContain('60');
    expect(log.lines.join()).not.toContain('秘密');
  });

  it.each([
    ['its name', { name: 'Sync Bot' }],
    ['being the only bot', { name: 'Renamed', mentioned_type: 'bot' }],
  ])('a mention without an open_id is the bot by %s', (_, more) => {
    const message = {
      content: { text: '@_user_1 /sync orders' },
      mentions: [{ key: '@_user_1', id: {}, ...more }],
    };
    expect(messageEvent(melted(message), self, 'Sync Bot')).toMatchObject({
      mentioned: true,
      text: ' /sync orders',
    });
  });

  it('a mention without an open_id of somebody else is not the bot; where nobody can tell, the log says so', async () => {
    const log = newLog();
    const hide = (words: string) => words;
    const one = receiver({
      self,
      name: 'Sync Bot',
      handle: async () => undefined,
      log,
      clock: wallClock,
      hide,
    });
    const said = (mention: object) =>
      melted({ content: { text: '@_user_1 hi' }, mentions: [{ key: '@_user_1', id: {}, ...mention }] });
    const person = said({ name: '王五', mentioned_type: 'user' });
    expect(messageEvent(person, self, 'Sync Bot')?.mentioned).toBe(false);
    await one.receive('im.message.receive_v1', person);
    expect(log.lines).toEqual([]);
    await one.receive('im.message.receive_v1', said({ name: '王五' }));
    expect(log.lines.join()).toContain('mention.not-recognised');
    expect(log.lines.join()).not.toContain('王五');
  });

  it('comes without effect for somebody of another tenant', async () => {
    let handled = 0;
    const one = door(async () => {
      handled += 1;
      return undefined;
    });
    const foreign = melted({ content: { text: '/sync orders' } });
    await one.receive('im.message.receive_v1', { ...foreign, sender: { ...sender, tenant_key: 'tenant2' } });
    await one.receive('card.action.trigger', {
      ...click,
      operator: { ...click.operator, tenant_key: 'tenant2' },
    });
    expect(handled).toBe(0);
    await one.receive('im.message.receive_v1', foreign);
    expect(handled).toBe(1);
  });
});

it('reads the menu, being added and being opened, whole or melted', () => {
  const header = { event_id: 'e1', tenant_key: 't1', create_time: '1767225600123' };
  const menu = { operator: { operator_id: { open_id: 'ou_a' } }, event_key: 'list', timestamp: 1767225600 };
  const read = { kind: 'menu', id: 'e1', at: 1767225600123, from: 'ou_a', key: 'list', tenant: 't1' };
  expect(menuEvent({ header, event: menu })).toEqual(read);
  expect(menuEvent({ ...header, ...menu })).toEqual(read);
  const { create_time: _, ...timeless } = header;
  expect(menuEvent({ header: timeless, event: menu })?.at).toBe(1767225600000);
  expect(menuEvent({ header, event: { ...menu, event_key: undefined } })).toBeUndefined();
  const added = { chat_id: 'oc_1', operator_id: { open_id: 'ou_a' }, external: true };
  const arrived = { id: 'e1', at: 1767225600123, chat: 'oc_1', from: 'ou_a', tenant: 't1' };
  expect(arrivedEvent({ header, event: added }, 'added')).toEqual({
    ...arrived,
    kind: 'added',
    outside: true,
  });
  expect(arrivedEvent({ header, event: { ...added, external: false } }, 'opened')).toEqual({
    ...arrived,
    ...{ kind: 'opened', outside: false },
  });
  for (const external of [undefined, null, 'false'])
    expect(arrivedEvent({ header, event: { ...added, external } }, 'added')).toEqual({
      ...arrived,
      kind: 'added',
    });
  expect(arrivedEvent({ header, event: {} }, 'added')).toBeUndefined();
});
