import { CallError, type Failure } from '../sync/failure.ts';
import type { CallSpec, FeishuClient } from './client.ts';
import { type NeededScope, neededScopes, type SlashCommand, slashCommands } from './needs.ts';
import { list, shape, words } from './shape.ts';

/** One permission, and whether the tenant has granted it. */
export interface ScopeState extends NeededScope {
  readonly granted: boolean;
}

/** One command, and what became of its registration. */
export interface CommandState extends SlashCommand {
  readonly state: 'registered' | 'known' | 'failed';
  readonly failure?: Failure;
}

const spec = (signal: AbortSignal): CallSpec => ({
  kind: 'chat',
  meter: { count: () => undefined },
  signal,
});

/**
 * Asks which of the needed permissions are granted; one that no published version asks for is not in the answer.
 * https://open.feishu.cn/document/uAjLw4CM/ukTMukTMukTM/application-v6/scope/list
 */
export async function scopeStates(client: FeishuClient, signal: AbortSignal): Promise<readonly ScopeState[]> {
  const answer = await client.call(spec(signal), (sdk, options) =>
    sdk.application.v6.scope.list({}, options),
  );
  const scopes = list(shape(shape(answer)?.['data'])?.['scopes']) ?? [];
  const granted = new Set(
    scopes.flatMap((one) => {
      const { scope_name, grant_status } = shape(one) ?? {};
      return grant_status === 1 ? (words(scope_name) ?? []) : [];
    }),
  );
  return neededScopes.map((scope) => ({ ...scope, granted: granted.has(scope.name) }));
}

/** A command that is there already; the page names no code for it, so that Feishu's words decide too. */
const isThere = ({ code, message }: Failure): boolean => code === 40000000 && /exist/i.test(message);

/**
 * Registers the slash commands; clients show them some minutes later. Never rejects for what Feishu refuses: the
 * commands work as typed text all the same.
 * https://open.feishu.cn/document/mcp_open_tools/agent-best-practices/agent-supports-slash-commands
 */
export async function registerCommands(
  client: FeishuClient,
  signal: AbortSignal,
): Promise<readonly CommandState[]> {
  const states: CommandState[] = [];
  for (const one of slashCommands) states.push(await register(one, client, signal));
  return states;
}

async function register(one: SlashCommand, client: FeishuClient, signal: AbortSignal): Promise<CommandState> {
  const { zh, en } = one.description;
  const data = {
    command: one.command,
    description: { default_value: zh, i18n: { zh_cn: zh, en_us: en } },
  };
  try {
    await client.call(spec(signal), (sdk, options) =>
      sdk.request<unknown>(
        { method: 'POST', url: '/open-apis/application/v7/app_slash_commands', data },
        options,
      ),
    );
    return { ...one, state: 'registered' };
  } catch (error) {
    if (error instanceof CallError && isThere(error.failure)) return { ...one, state: 'known' };
    if (error instanceof CallError) return { ...one, state: 'failed', failure: error.failure };
    throw error;
  }
}
