import type { Clock, People } from '../run/ports.ts';
import type { PersonBy } from '../sync/lookup.ts';
import type { FeishuClient } from './client.ts';
import { contacts, type Matches, peoplePerCall } from './contacts.ts';

/** How long it is believed who somebody is, in ms. A user_id may pass to another person. */
const matchLife = 10 * 60_000;
/** How long it is believed that nobody is known by a word: somebody may be mending just that. */
const missLife = 60_000;
/** Words that are remembered; the oldest are forgotten first. */
const remembered = 50_000;
/** Calls at once: Feishu takes 50 a second and 1,000 a minute. https://open.feishu.cn/document/server-docs/contact-v3/user/batch_get_id */
const atOnce = 4;

/** Looks people up in batches, and remembers for a while who they are. */
export function people(client: FeishuClient, clock: Pick<Clock, 'monotonic'>): People {
  const { find } = contacts(client);
  const memory = forgetful(clock);

  return {
    openIds: async (by, asked, meter, signal) => {
      const forms = new Map(asked.map((word) => [word, plain(by, word)]));
      const found = new Map<string, string | null>();
      const open = new Map<string, string>();
      for (const [word, form] of forms) {
        if (form === undefined || found.has(form) || open.has(form)) continue;
        const known = memory.recall(by, form);
        if (known === undefined) open.set(form, by === 'mobile' ? form : word.trim());
        else found.set(form, known);
      }
      for (const some of groups(groups([...open], peoplePerCall), atOnce)) {
        const answers = await Promise.allSettled(
          some.map(async (batch) => {
            const sent = batch.map(([, word]) => word);
            return judged(by, batch, await find(by, sent, meter, signal));
          }),
        );
        for (const answer of answers) {
          if (answer.status === 'rejected') throw answer.reason;
          for (const [form, openId] of answer.value) {
            found.set(form, openId);
            memory.keep(by, form, openId);
          }
        }
      }
      return new Map(
        [...forms].flatMap(([word, form = '']) => {
          const openId = found.get(form);
          return openId ? [[word, openId] as const] : [];
        }),
      );
    },
  };
}

/** What a batch came to: an open_id or null for each form that was asked for. */
function judged(
  by: PersonBy,
  batch: readonly (readonly [form: string, word: string])[],
  matches: Matches,
): Map<string, string | null> {
  const results = new Map<string, string | null>(batch.map(([form]) => [form, null]));
  for (const [word, openId] of matches) {
    const form = plain(by, word);
    if (form !== undefined && results.has(form)) results.set(form, openId);
  }
  return results;
}

/**
 * One form for all spellings of an address, number or id; undefined for words that can name nobody, which are not
 * asked for. Numbers of mainland China stand with or without +86, and Feishu's pages ask for them without.
 */
function plain(by: PersonBy, word: string): string | undefined {
  const trimmed = word.trim();
  if (by === 'email') return /^[^\s@]+@[^\s@]+$/.test(trimmed) ? trimmed.toLowerCase() : undefined;
  if (by !== 'mobile') return /^[!-+\--~]{1,100}$/.test(trimmed) ? trimmed : undefined;
  const digits = trimmed.replace(/[\s()-]/g, '').replace(/^\+86(?=\d{11}$)/, '');
  return /^\+?\d{5,20}$/.test(digits) ? digits : undefined;
}

function forgetful(clock: Pick<Clock, 'monotonic'>) {
  const kept = new Map<string, { readonly openId: string | null; readonly until: number }>();
  const name = (by: PersonBy, form: string): string => `${by} ${form}`;
  return {
    /** The open_id, null for nobody, undefined when it must be asked. */
    recall(by: PersonBy, form: string): string | null | undefined {
      const one = kept.get(name(by, form));
      return one && one.until > clock.monotonic() ? one.openId : undefined;
    },
    keep(by: PersonBy, form: string, openId: string | null): void {
      // Set anew, so that it stands at the end of those to be forgotten.
      kept.delete(name(by, form));
      kept.set(name(by, form), {
        openId,
        until: clock.monotonic() + (openId === null ? missLife : matchLife),
      });
      const [oldest] = kept.size > remembered ? kept.keys() : [];
      if (oldest !== undefined) kept.delete(oldest);
    },
  };
}

const groups = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));
