import { startPlayground } from 'bitable-playground';
import type { Answers, Asked, Latency } from './feishu.ts';
import { fields as narrow } from './fields.ts';

/** The local Feishu in a process of its own, so that its work is not counted as the program's. */
const feishu = await startPlayground({ rates: false });

type Answer = Answers[keyof Answers];

function answer(ask: Asked): Answer | Promise<Answer> {
  switch (ask.kind) {
    case 'app':
      return { url: feishu.url, id: feishu.appId, secret: feishu.appSecret };
    case 'base': {
      feishu.reset();
      const names = Array.from({ length: ask.tables }, (_, at) => `订单 ${at + 1}`);
      const fields = ask.fields ?? narrow;
      return feishu.base({ tables: names.map((name) => ({ name, fields })) }).tables.map(({ url }) => url);
    }
    case 'pace':
      feishu.setLatency(latencyOf(ask.latency));
      feishu.setWriters({ per: 'base', atOnce: ask.writers });
      return null;
    case 'say':
      return said(ask.words);
    case 'replies': {
      const to = new Set(ask.to);
      const replies = [...feishu.calls()].filter(
        ({ route, code }) => route === 'messages.reply' && code === 0,
      );
      return replies.filter(({ path }) => to.has(path.split('/').at(-2) ?? '')).length;
    }
    case 'arrival':
      return arrival(ask.route, ask.nth);
    case 'calls': {
      const calls = [...feishu.calls()];
      feishu.clearCalls();
      return calls;
    }
  }
}

const latencyOf = (latency: Latency) =>
  typeof latency === 'number'
    ? latency
    : (route: string) => (/batch_(create|update|delete)$/.test(route) ? latency.write : latency.read);

/** A chat takes only a few messages a second: the words are spread over so many people. */
const people = 100;

/** Lets people write to the bot, one after the other; as nobody is connected, the events are for whoever asked. */
function said(words: readonly string[]): Answers['say'] {
  const chats = Array.from({ length: Math.min(people, words.length) }, () => feishu.chat({ kind: 'p2p' }));
  const chatOf = (at: number) => {
    const chat = chats[at % chats.length];
    if (!chat) throw new Error('nobody says anything');
    return chat;
  };
  const messages = words.map((one, at) => chatOf(at).say(one).messageId);
  const event = (at: number, id: string, text: string, chat_type: string): string => {
    const chat = chatOf(at);
    const { appId: app_id, tenantKey: tenant_key } = feishu;
    const sender_id = { open_id: chat.members[0]?.openId };
    const header = { event_id: id, event_type: 'im.message.receive_v1', app_id, tenant_key };
    const message = { message_id: id, chat_id: chat.id, chat_type, message_type: 'text' };
    const create_time = String(Date.now());
    return JSON.stringify({
      schema: '2.0',
      header: { ...header, create_time },
      event: {
        sender: { sender_id, sender_type: 'user', tenant_key },
        message: { ...message, create_time, content: JSON.stringify({ text }) },
      },
    });
  };
  return {
    messages,
    events: messages.map((id, at) => event(at, id, words[at] ?? '', 'p2p')),
    chatter: event(0, 'om_chatter', '今天吃什么', 'group'),
  };
}

function arrival(name: string, nth: number): Promise<number> {
  let left = nth;
  return new Promise((resolve) => {
    const leave = feishu.onRequest(({ route }) => {
      if (route.name !== name || --left > 0) return;
      leave();
      resolve(Date.now());
    });
  });
}

process.on('message', (ask: Asked) => {
  void Promise.resolve(answer(ask)).then((said) => process.send?.(said));
});
process.on('disconnect', () => process.exit());
