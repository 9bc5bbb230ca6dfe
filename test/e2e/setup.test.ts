import { expect, it } from 'vitest';
import { newWorld } from '../support/world.ts';

interface SetupJson {
  readonly status: string;
  readonly scopes: readonly { readonly name: string; readonly granted: boolean }[];
  readonly grant: string | null;
  readonly commands: readonly {
    readonly command: string;
    readonly state: string;
    readonly problem: { readonly cure: string } | null;
  }[];
}

it('setup lists the steps, finds all permissions granted and registers the commands once', async () => {
  const world = await newWorld({ orders: 1 });
  const first = await world.type('setup');
  expect(first).toMatchObject({
    exit: 0,
    json: {
      status: 'ok',
      grant: null,
      menu: expect.arrayContaining([{ under: 'More', name: 'Plan only', key: 'plan' }]),
    },
  });
  expect(first.err).toContain('  Syncs → list\n');
  const states = (json: unknown) =>
    (json as SetupJson).commands.map(({ command, state }) => [command, state]);
  expect(states(first.json)).toEqual([
    ['sync', 'registered'],
    ['help', 'registered'],
  ]);
  const again = await world.type('setup');
  expect(again.exit).toBe(0);
  expect(states(again.json)).toEqual([
    ['sync', 'known'],
    ['help', 'known'],
  ]);
  expect(first.err).toContain(`/app/${world.feishu.appId}/auth`);
});

it('setup names what is missing, with the page that grants it', async () => {
  const world = await newWorld({ orders: 1 });
  world.feishu.app.revokeScopes('bitable:app', 'application:app_slash_command:write');
  const { exit, json } = await world.type('setup');
  const { status, scopes, grant, commands } = json as SetupJson;
  expect([exit, status]).toEqual([1, 'problems']);
  const missing = ['bitable:app', 'application:app_slash_command:write'];
  expect(scopes.filter(({ granted }) => !granted).map(({ name }) => name)).toEqual(missing);
  expect(grant).toContain(missing.join(','));
  expect(commands.map(({ state }) => state)).toEqual(['failed', 'failed']);
  expect(commands[0]?.problem?.cure).toContain('application:app_slash_command:write');
});

it('setup lives without a permission that only some definitions need', async () => {
  const world = await newWorld({ orders: 1 });
  world.feishu.app.revokeScopes('wiki:wiki:readonly');
  expect(await world.type('setup')).toMatchObject({ exit: 0, json: { status: 'ok' } });
});
