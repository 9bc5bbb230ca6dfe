import type { PersonWire, Words } from './wire.ts';
import { type Language, words } from './words.ts';

/** How the page looks to the person in front of it. */
export interface View {
  readonly language: Language;
  /** The person who looks; their open_id. */
  readonly me: string;
  readonly people: readonly PersonWire[];
  readonly bot: string;
}

/** Words in the view's language. */
export const say = ({ language }: View, one: Words): string => one[language];

/** What somebody is called; a shortened id for those who are not on the page. */
export function nameOf(view: View, openId: string): string {
  if (openId === 'all') return say(view, words.everybody);
  return view.people.find((person) => person.openId === openId)?.name ?? `${openId.slice(0, 8)}…`;
}

/** `14:05:09`, as the machine's own clock shows it. */
export const clock = (ms: number): string => new Date(ms).toLocaleTimeString('sv-SE');

/** `14:05`. */
export const shortClock = (ms: number): string => clock(ms).slice(0, 5);
