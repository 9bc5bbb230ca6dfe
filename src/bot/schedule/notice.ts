import type { Definition } from '../../sync/definition.ts';
import type { Text } from '../../sync/text.ts';
import { owners } from './entries.ts';
import type { ScheduleDesk } from './parts.ts';

/** What a notice is about, and who is to hear of it. */
export interface Notice {
  /** The definition; empty where it is about all of them. */
  readonly name: string;
  readonly title: string;
  /** open_ids of those who get it where its chat is gone. */
  readonly others: readonly string[];
  /** open_ids that are notified. */
  readonly people: readonly string[];
  /** Said in place of the card's summary when it comes late. */
  readonly words?: Text;
  /** Repeats within the hour send nothing. */
  readonly once: string;
}

/** A notice of trouble with a definition: those who are responsible are notified, unless it is muted there. */
export async function noticeOf(
  desk: Pick<ScheduleDesk, 'kept' | 'admins'>,
  definition: Definition,
  chat: string | undefined,
  once: string,
): Promise<Notice> {
  const { name, title } = definition;
  const others = owners(definition, desk.admins);
  return { name, title, others, people: (await desk.kept.chats.isMuted(name, chat)) ? [] : others, once };
}
