import { isObject } from '../bitable/values/kind.ts';
import { endpoints, type Handlers } from '../endpoints.ts';
import { ok, Refusal } from '../gateway/reply.ts';
import type { World } from '../world.ts';

/** Permissions that no call needs: they let events come. */
const eventScopes: readonly string[] = [
  'im:message.p2p_msg:readonly',
  'im:message.group_at_msg:readonly',
  'im:chat.members:bot_access',
  'im:chat.access_event.bot_p2p_chat:read',
];
/** Permissions that add members to an answer. */
const fieldScopes: readonly string[] = ['contact:user.employee_id:readonly'];

const nameForm = /^[a-z0-9_-]{1,32}$/;

/** Answers the calls about the app itself: its permissions and its slash commands. */
export function appHandlers(world: World) {
  const commands = new Set<string>();
  return {
    'app.scopes': () => ok({ scopes: allScopes().map((name) => stateOf(world, name)) }),
    'app.slashCommands': (request) => {
      const body = request.body();
      const command = isObject(body) ? body['command'] : undefined;
      if (typeof command !== 'string' || !nameForm.test(command))
        throw new Refusal(40000000, { msg: 'invalid command' });
      if (commands.has(command)) throw new Refusal(40000000, { msg: 'command already exists' });
      commands.add(command);
      return ok({ command_id: `cmd_${commands.size}` });
    },
  } satisfies Partial<Handlers>;
}

const allScopes = (): readonly string[] => [
  ...new Set([...Object.values(endpoints).flatMap(({ scopes }) => scopes), ...eventScopes, ...fieldScopes]),
];

/** 1 is granted, 2 is not. https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list */
const stateOf = ({ scopesMissing }: World, name: string) => ({
  scope_name: name,
  grant_status: scopesMissing.has(name) ? 2 : 1,
});
