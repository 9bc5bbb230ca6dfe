import type { Clock, People } from '../../run/ports.ts';
import type { PersonBy } from '../../sync/fields/column.ts';
import { CallError, type Failure } from '../../sync/words/failure.ts';
import { type Problem, ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { CallSpec, FeishuClient } from '../calls/client.ts';
import { scopeMissing, tells } from '../calls/codes.ts';
import { odd } from '../calls/failure.ts';
import { list, shape, words } from '../calls/http.ts';

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
  const memory = forgetful(clock);

  return {
    openIds: async (by, asked, meter, signal) => {
      const spec: CallSpec = { kind: 'read', meter, signal };
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
        for (const answer of await Promise.allSettled(some.map((batch) => look(client, by, batch, spec)))) {
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

/** Asks for one batch: an open_id or null for each form. */
async function look(
  client: FeishuClient,
  by: PersonBy,
  batch: readonly (readonly [form: string, word: string])[],
  spec: CallSpec,
): Promise<Map<string, string | null>> {
  const results = new Map<string, string | null>(batch.map(([form]) => [form, null]));
  const asked = batch.map(([, word]) => word);
  for (const [word, openId] of await find(client, by, asked, spec)) {
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
  return {
    /** The open_id, null for nobody, undefined when it must be asked. */
    recall(by: PersonBy, form: string): string | null | undefined {
      const one = kept.get(`${by} ${form}`);
      return one && one.until > clock.monotonic() ? one.openId : undefined;
    },
    keep(by: PersonBy, form: string, openId: string | null): void {
      const name = `${by} ${form}`;
      // Set anew, so that it stands at the end of those to be forgotten.
      kept.delete(name);
      kept.set(name, { openId, until: clock.monotonic() + (openId === null ? missLife : matchLife) });
      const [oldest] = kept.size > remembered ? kept.keys() : [];
      if (oldest !== undefined) kept.delete(oldest);
    },
  };
}

const groups = <T>(all: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(all.length / size) }, (_, at) => all.slice(at * size, (at + 1) * size));

/** Addresses, numbers or ids of one call. https://open.feishu.cn/document/contact-v3/user/batch and …/batch_get_id */
const peoplePerCall = 50;

/** What a call answered: pairs of what a person is known by, as Feishu writes it, and the open_id. */
type Matches = readonly (readonly [word: string, openId: string])[];

/** Asks for at most {@link peoplePerCall} people; who is not found is missing. */
async function find(
  client: FeishuClient,
  by: PersonBy,
  asked: readonly string[],
  spec: CallSpec,
): Promise<Matches> {
  try {
    return by === 'email' || by === 'mobile'
      ? await byAddress(client, by, asked, spec)
      : await byId(client, by, asked, spec);
  } catch (error) {
    const lacks = error instanceof CallError && error.failure.code === scopeMissing;
    throw lacks ? new ProblemError([noScope(by, error.failure)], { cause: error }) : error;
  }
}

async function byAddress(
  client: FeishuClient,
  by: 'email' | 'mobile',
  asked: readonly string[],
  spec: CallSpec,
): Promise<Matches> {
  const data = by === 'email' ? { emails: [...asked] } : { mobiles: [...asked] };
  const answer = await client.again(spec, (sdk, options) =>
    sdk.contact.v3.user.batchGetId({ params: { user_id_type: 'open_id' }, data }, options),
  );
  const entries = list(shape(answer.data)?.['user_list']);
  if (!entries) throw odd('a look-up of people has no list');
  return entries.flatMap((entry) => {
    // Whatever the kind of id that was asked for, the member is called `user_id`; without a match it is missing.
    const [word, openId] = [words(shape(entry)?.[by]), words(shape(entry)?.['user_id'])];
    return word === undefined || openId === undefined ? [] : [[word, openId] as const];
  });
}

type IdKind = 'user_id' | 'union_id';

/** One id that does not exist refuses the whole call: it is taken out, or the call is split until it stands alone. */
async function byId(
  client: FeishuClient,
  by: IdKind,
  asked: readonly string[],
  spec: CallSpec,
): Promise<Matches> {
  if (asked.length === 0) return [];
  try {
    return await usersOf(client, by, asked, spec);
  } catch (error) {
    if (!(error instanceof CallError) || tells(error.failure) !== 'nobody') throw error;
    if (asked.length === 1) return [];
    const bad = namedIn(error.failure, new Set(asked));
    const good = asked.filter((one) => !bad.has(one));
    if (good.length < asked.length) return byId(client, by, good, spec);
    const middle = Math.ceil(asked.length / 2);
    return [
      ...(await byId(client, by, asked.slice(0, middle), spec)),
      ...(await byId(client, by, asked.slice(middle), spec)),
    ];
  }
}

async function usersOf(
  client: FeishuClient,
  by: IdKind,
  asked: readonly string[],
  spec: CallSpec,
): Promise<Matches> {
  const answer = await client.again(spec, (sdk, options) =>
    sdk.contact.v3.user.batch({ params: { user_ids: [...asked], user_id_type: by } }, options),
  );
  const data = shape(answer.data);
  const items = list(data?.['items']) ?? (data && data['items'] == null ? [] : undefined);
  if (!items) throw odd('a look-up of people has no list');
  return items.map((item) => {
    const [word, openId] = [words(shape(item)?.[by]), words(shape(item)?.['open_id'])];
    if (openId === undefined) throw odd('a person without open_id');
    // Without its scope the user_id is left out without an error: that is not "no match".
    if (word === undefined) throw problem(noScope(by));
    return [word, openId] as const;
  });
}

/** Those of the ids that Feishu names as invalid; a name that may have been cut does not count. */
function namedIn({ message }: Failure, asked: ReadonlySet<string>): ReadonlySet<string> {
  const [, said = '', end] = /invalid ids:\s*\[([^\]]*)(\])?/i.exec(message) ?? [];
  const names = said.split(',').map((name) => name.trim());
  return new Set((end === undefined ? names.slice(0, -1) : names).filter((name) => asked.has(name)));
}

const scopes: Readonly<Record<PersonBy, string>> = {
  email: 'contact:user.id:readonly',
  mobile: 'contact:user.id:readonly',
  union_id: 'contact:contact.base:readonly',
  user_id: 'contact:contact.base:readonly + contact:user.employee_id:readonly',
};

function noScope(by: PersonBy, failure?: Failure): Problem {
  return {
    code: 'no-contact-scope',
    message: text(
      `应用没有权限按 ${by} 查找人员：缺少 ${scopes[by]}。`,
      `The app may not look people up by ${by}: it lacks ${scopes[by]}.`,
    ),
    cure: text(
      `在开发者后台给应用开通 ${scopes[by]}，在“数据权限”里让通讯录权限范围包含这些人，然后发布新版本：https://open.feishu.cn/app → 权限管理。`,
      `Give the app ${scopes[by]} in the developer console, let its contact range (Data permissions) hold these people, and publish a version: https://open.feishu.cn/app → Permissions & Scopes.`,
    ),
    ...(failure?.logId === undefined ? {} : { logId: failure.logId }),
  };
}
