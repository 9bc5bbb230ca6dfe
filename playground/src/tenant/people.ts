import type { Random } from '../random.ts';
import type { ChatState, Person, World } from '../world.ts';

/** Makes a person with ids of the right form; does not put them into the tenant. */
export const makePerson = (random: Random, name: string): Person => ({
  openId: `ou_${random.hex(32)}`,
  unionId: `on_${random.hex(32)}`,
  userId: random.hex(8),
  name,
  email: `person-${random.hex(6)}@example.com`,
});

/** What is known of a person to be made; ids and the e-mail address are invented when they are not given. */
export interface PersonSpec {
  readonly name?: string;
  readonly email?: string;
  /** With `+` and the country's code, or a number of mainland China without. */
  readonly mobile?: string;
  readonly userId?: string;
  readonly enterpriseEmail?: string;
  /** False: outside the app's contact range. */
  readonly inRange?: boolean;
  readonly resigned?: boolean;
}

/** What may change about a person. */
export type PersonChange = Omit<PersonSpec, 'userId'>;

/** Puts a new person into the tenant. */
export function addPerson(world: World, spec: PersonSpec & { readonly name: string }): Person {
  const person: Person = { ...makePerson(world.random, spec.name), ...spec };
  world.people.set(person.openId, person);
  return person;
}

/** Changes what is known of a person; answers the person as changed. Throws for somebody who is not in the tenant. */
export function changePerson(world: World, { openId }: Person, change: PersonChange): Person {
  const before = world.people.get(openId);
  if (!before) throw new Error(`There is no person ${openId}.`);
  const person: Person = { ...before, ...change };
  world.people.set(openId, person);
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
    outside: false,
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
