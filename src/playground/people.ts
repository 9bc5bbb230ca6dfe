import type { Random } from './random.ts';
import type { ChatState, Person, World } from './world.ts';

/** Makes a person with ids of the right form; does not put them into the tenant. */
export const makePerson = (random: Random, name: string): Person => ({
  openId: `ou_${random.hex(32)}`,
  unionId: `on_${random.hex(32)}`,
  userId: random.hex(8),
  name,
  email: `person-${random.hex(6)}@example.com`,
});

/** Puts a new person into the tenant. */
export function addPerson(world: World, name: string): Person {
  const person = makePerson(world.random, name);
  world.people.set(person.openId, person);
  return person;
}

/** Puts a new chat into the tenant; the bot is in it. */
export function addChat(
  world: World,
  kind: 'p2p' | 'group',
  name: string,
  members: Iterable<string>,
): ChatState {
  const chat: ChatState = {
    id: `oc_${world.random.hex(32)}`,
    kind,
    name,
    members: new Set(members),
    botInside: true,
  };
  world.chats.set(chat.id, chat);
  return chat;
}

/** The one-to-one chat of the bot with a person, made when it is missing. */
export function p2pWith(world: World, person: Person): ChatState {
  for (const chat of world.chats.values()) {
    if (chat.kind === 'p2p' && chat.members.has(person.openId)) return chat;
  }
  return addChat(world, 'p2p', person.name, [person.openId]);
}
