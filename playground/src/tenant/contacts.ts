import { idTypeOf } from '../bitable/access.ts';
import { type IdType, isObject, isStrings } from '../bitable/values/kind.ts';
import { idOf, personById } from '../bitable/values/references.ts';
import type { Handlers } from '../endpoints.ts';
import { invalid, ok, Refusal, type Reply } from '../gateway/reply.ts';
import type { Request } from '../gateway/router.ts';
import type { Person, World } from '../world.ts';

/** E-mail addresses, mobile numbers or ids in one call. */
const mostAtOnce = 50;

const statusScopes = [
  'contact:user.employee:readonly',
  'contact:contact:access_as_app',
  'contact:contact:readonly',
  'contact:contact:readonly_as_app',
];

const idScope = 'contact:user.employee_id:readonly';

const statusOf = ({ resigned = false }: Person): Readonly<Record<string, boolean>> => ({
  is_frozen: false,
  is_resigned: resigned,
  is_activated: !resigned,
  is_exited: false,
  is_unjoin: false,
});

/** A number without the code of mainland China, with which it may be written or not. */
const bareMobile = (mobile: string): string => mobile.replace(/^\+86/, '');

function listIn(body: Readonly<Record<string, unknown>>, name: string): readonly string[] {
  const list = body[name];
  if (list === undefined || list === null) return [];
  if (!isStrings(list)) throw invalid(name, 'must be a list of strings');
  if (list.length > mostAtOnce) throw invalid(name, `the max len is ${mostAtOnce}`);
  return list;
}

/**
 * Answers `POST …/contact/v3/users/batch_get_id`: one entry for each address and number, without an id where nobody was
 * found. Somebody unknown, somebody outside the contact range and somebody who left look all the same.
 * https://open.feishu.cn/document/server-docs/contact-v3/user/batch_get_id
 */
function idsOf(world: World, request: Request): Reply {
  const body = request.body();
  if (!isObject(body)) throw new Refusal(1254000);
  const idType = idTypeOf(request.query.get('user_id_type'));
  const [emails, mobiles] = [listIn(body, 'emails'), listIn(body, 'mobiles')];
  const people = [...world.people.values()].filter(
    ({ inRange = true, resigned = false }) => inRange && (!resigned || body['include_resigned'] === true),
  );
  const held = (scopes: readonly string[]): boolean =>
    scopes.some((scope) => !world.scopesMissing.has(scope));
  const mayTellId = idType !== 'user_id' || held([idScope]);
  const entry = (asked: Readonly<Record<string, string>>, found: Person | undefined): unknown => {
    if (!found || !mayTellId) return asked;
    const status = held(statusScopes) ? { status: statusOf(found) } : {};
    return { user_id: idOf(found, idType), ...asked, ...status };
  };
  const byEmail = (email: string): Person | undefined =>
    people.find((person) => person.email.toLowerCase() === email.toLowerCase());
  const byMobile = (mobile: string): Person | undefined =>
    people.find((person) => person.mobile !== undefined && bareMobile(person.mobile) === bareMobile(mobile));
  return ok({
    user_list: [
      ...emails.map((email) => entry({ email }, byEmail(email))),
      ...mobiles.map((mobile) => entry({ mobile }, byMobile(mobile))),
    ],
  });
}

/** What one id that does not exist does to the whole call. */
const unknownCodes: Readonly<Record<IdType, number>> = {
  open_id: 99992351,
  user_id: 99992360,
  union_id: 99992364,
};

/** A person as far as the app's scopes show one. */
function userJson({ scopesMissing }: World, person: Person): Readonly<Record<string, unknown>> {
  const when = (scopes: readonly string[], shown: Readonly<Record<string, unknown>>) =>
    scopes.some((scope) => !scopesMissing.has(scope)) ? shown : {};
  const { openId, unionId, userId, name, email, mobile } = person;
  return {
    union_id: unionId,
    open_id: openId,
    ...when([idScope], { user_id: userId }),
    ...when(['contact:user.base:readonly', ...statusScopes.slice(1)], { name, en_name: name }),
    ...when(['contact:user.email:readonly'], { email }),
    ...when(['contact:user.phone:readonly'], mobile === undefined ? {} : { mobile }),
    ...when(statusScopes, { status: statusOf(person) }),
  };
}

/**
 * Answers `GET …/contact/v3/users/batch`. People outside the contact range are left out; one id that does not exist refuses
 * the whole call. https://open.feishu.cn/document/contact-v3/user/batch
 */
function usersOf(world: World, request: Request): Reply {
  const ids = request.query.getAll('user_ids');
  if (ids.length === 0) throw invalid('user_ids', 'user_ids is required');
  if (ids.length > mostAtOnce) throw invalid('user_ids', `the max len is ${mostAtOnce}`);
  const idType = idTypeOf(request.query.get('user_id_type'));
  const found = ids.map((id) => ({ id, person: personById(world, id, idType) }));
  const unknown = found.filter(({ person }) => !person).map(({ id }) => id);
  if (unknown.length > 0) {
    const msg = `The request you send is not a valid {${idType}} or not exists. Invalid ids: [${unknown.join(',')}]`;
    throw new Refusal(unknownCodes[idType], { msg });
  }
  const people = new Set(found.flatMap(({ person }) => (person ? [person] : [])));
  const shown = [...people].filter(({ inRange = true, resigned = false }) => inRange && !resigned);
  return ok({ items: shown.map((person) => userJson(world, person)) });
}

/** Answers the two calls that find people. */
export const contactHandlers = (world: World) =>
  ({
    'contacts.ids': (request) => idsOf(world, request),
    'contacts.users': (request) => usersOf(world, request),
  }) satisfies Partial<Handlers>;
