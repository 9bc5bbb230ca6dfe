import type { CallMeter } from '../run/ports.ts';
import { CallError, type Failure } from '../sync/failure.ts';
import type { PersonBy } from '../sync/lookup.ts';
import { type Problem, ProblemError, problem } from '../sync/problem.ts';
import { text } from '../sync/text.ts';
import type { CallSpec, FeishuClient } from './client.ts';
import { nobodyCodes, scopeMissing } from './codes.ts';
import { oddAnswer } from './failure.ts';
import { readLimits } from './patience.ts';
import { list, shape, words } from './shape.ts';

/**
 * Addresses, numbers or ids of one call.
 * https://open.feishu.cn/document/server-docs/contact-v3/user/batch_get_id
 * https://open.feishu.cn/document/contact-v3/user/batch
 */
export const peoplePerCall = 50;

/** What a call answered: pairs of what a person is known by, as Feishu writes it, and the open_id. */
export type Matches = readonly (readonly [word: string, openId: string])[];

/** The calls that find people. */
export interface Contacts {
  /** Asks for at most {@link peoplePerCall} people; who is not found is missing. */
  find(by: PersonBy, asked: readonly string[], meter: CallMeter, signal: AbortSignal): Promise<Matches>;
}

/** Finds people through the contact API. */
export function contacts(client: FeishuClient): Contacts {
  async function idsOf(by: 'email' | 'mobile', asked: readonly string[], spec: CallSpec): Promise<Matches> {
    const answer = await client.patient(readLimits, spec.signal, () =>
      client.call(spec, (sdk, options) =>
        sdk.contact.v3.user.batchGetId(
          {
            params: { user_id_type: 'open_id' },
            data: by === 'email' ? { emails: [...asked] } : { mobiles: [...asked] },
          },
          options,
        ),
      ),
    );
    const entries = list(shape(answer.data)?.['user_list']);
    if (!entries) throw odd('a look-up of people has no list');
    return entries.flatMap((entry) => {
      // Whatever the kind of id that was asked for, the member is called `user_id`; without a match it is missing.
      const [word, openId] = [words(shape(entry)?.[by]), words(shape(entry)?.['user_id'])];
      return word === undefined || openId === undefined ? [] : [[word, openId] as const];
    });
  }

  async function usersOf(
    by: 'user_id' | 'union_id',
    asked: readonly string[],
    spec: CallSpec,
  ): Promise<Matches> {
    const answer = await client.patient(readLimits, spec.signal, () =>
      client.call(spec, (sdk, options) =>
        sdk.contact.v3.user.batch({ params: { user_ids: [...asked], user_id_type: by } }, options),
      ),
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

  /** One id that does not exist refuses the whole call: it is taken out, or the call is split until it stands alone. */
  async function surely(
    by: 'user_id' | 'union_id',
    asked: readonly string[],
    spec: CallSpec,
  ): Promise<Matches> {
    if (asked.length === 0) return [];
    try {
      return await usersOf(by, asked, spec);
    } catch (error) {
      if (!(error instanceof CallError) || !nobodyCodes.has(error.failure.code ?? 0)) throw error;
      if (asked.length === 1) return [];
      const bad = namedIn(error.failure, new Set(asked));
      const good = asked.filter((one) => !bad.has(one));
      if (good.length < asked.length) return surely(by, good, spec);
      const middle = Math.ceil(asked.length / 2);
      return [
        ...(await surely(by, asked.slice(0, middle), spec)),
        ...(await surely(by, asked.slice(middle), spec)),
      ];
    }
  }

  return {
    find: async (by, asked, meter, signal) => {
      const spec: CallSpec = { kind: 'read', meter, signal };
      try {
        return by === 'email' || by === 'mobile'
          ? await idsOf(by, asked, spec)
          : await surely(by, asked, spec);
      } catch (error) {
        const lacks = error instanceof CallError && error.failure.code === scopeMissing;
        throw lacks ? new ProblemError([noScope(by, error.failure)], { cause: error }) : error;
      }
    },
  };
}

const odd = (message: string): CallError => new CallError(oddAnswer(message, 'unknown', false));

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
