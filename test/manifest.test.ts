import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { botMenu, commands, slashCommands } from '../src/bot/commands/registry.ts';
import type { MenuEntry } from '../src/bot/ports.ts';
import { freeCalls, neededScopes } from '../src/feishu/app/setup.ts';
import { eventTypes } from '../src/feishu/events/events.ts';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

interface Manifest {
  readonly app: {
    readonly i18ns: readonly {
      readonly i18n_key: string;
      readonly name: string;
      readonly description: string;
    }[];
  };
  readonly bot: {
    readonly i18ns: readonly { readonly i18n_key: string; readonly get_started_desc: string }[];
    readonly bot_menus: readonly {
      readonly menu_id: string;
      readonly parent_menu_id?: string;
      readonly default_name: string;
      readonly event_key?: string;
    }[];
    readonly slash_commands: readonly unknown[];
  };
  readonly scopes: { readonly tenant: readonly string[]; readonly user: readonly string[] };
  readonly events: { readonly items: readonly string[] };
  readonly callbacks: { readonly items: readonly string[] };
}

const manifest = JSON.parse(read('app-manifest.json')) as Manifest;

describe('app-manifest.json', () => {
  it('names the app in both languages', () => {
    expect(manifest.app.i18ns.map(({ i18n_key }) => i18n_key)).toEqual(['zh_cn', 'en_us']);
    for (const { name, description } of manifest.app.i18ns) {
      expect(name).not.toBe('');
      expect(description).not.toBe('');
    }
    expect(manifest.bot.i18ns.map(({ i18n_key }) => i18n_key)).toEqual(['zh_cn', 'en_us']);
    for (const { get_started_desc: words } of manifest.bot.i18ns)
      expect(words.length).toBeLessThanOrEqual(64);
  });

  it('asks for the permissions that the program uses, and for no other', () => {
    expect(manifest.scopes).toEqual({ tenant: neededScopes.map(({ name }) => name), user: [] });
  });

  it('subscribes to the events and callbacks that the program handles, and to no other', () => {
    const isCallback = (type: string): boolean => type.startsWith('card.');
    expect(manifest.events.items).toEqual(eventTypes().filter((type) => !isCallback(type)));
    expect(manifest.callbacks.items).toEqual(eventTypes().filter(isCallback));
  });

  it('holds the menu that setup tells, in the form of the console', () => {
    const node = ({ key, name, entries }: MenuEntry, at: number, parent?: string) => ({
      menu_id: key,
      ...(parent !== undefined && { parent_menu_id: parent }),
      sort: at + 1,
      default_name: name.zh,
      i18n_name: { zh_cn: name.zh, en_us: name.en },
      ...(entries ? { menu_content_type: 3 } : { event_key: key, menu_content_type: 2 }),
    });
    const nodes = botMenu.flatMap((one, at) => [
      node(one, at),
      ...(one.entries ?? []).map((below, nth) => node(below, nth, one.key)),
    ]);
    expect(manifest.bot).toMatchObject({
      enable: true,
      bot_menu_enable: true,
      bot_menu_display_strategy: 3,
      bot_menus: nodes,
    });
  });

  it('keeps the limits of a floating menu', () => {
    const { bot_menus: nodes } = manifest.bot;
    expect(nodes.length).toBeLessThanOrEqual(10);
    for (const parent of new Set(nodes.map(({ parent_menu_id }) => parent_menu_id)))
      expect(nodes.filter(({ parent_menu_id }) => parent_menu_id === parent).length).toBeLessThanOrEqual(5);
    for (const { default_name, event_key = '' } of nodes) {
      expect(default_name.length).toBeLessThanOrEqual(60);
      expect(event_key.length).toBeLessThanOrEqual(30);
    }
  });

  it.each(manifest.bot.bot_menus.flatMap(({ event_key }) => event_key ?? []))(
    'has an entry %s that is a command',
    (key) => expect(commands.ofKey(key)).toBeDefined(),
  );

  it('lists the slash commands that setup registers', () => {
    expect(manifest.bot.slash_commands).toEqual(
      slashCommands.map(({ command, description: { zh, en } }) => ({
        command,
        description: { default_value: zh, i18n: { zh_cn: zh, en_us: en } },
      })),
    );
  });

  it('holds no secret', () => expect(JSON.stringify(manifest)).not.toMatch(/secret|cli_|encrypt/i));
});

it('every call in the sources stands in the list of permissions, and none that is not made', () => {
  const folder = new URL('../src/feishu/', import.meta.url);
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const sources = files.map((file) => readFileSync(new URL(file, folder), 'utf8'));
  const methods = sources.flatMap((source) =>
    [...source.matchAll(/\b(?:sdk|client)\.((?:[a-z]\w*\.)+\w+)\(/g)].map(([, name]) => name ?? ''),
  );
  const addresses = sources.flatMap((source) =>
    [...source.matchAll(/method: '([A-Z]+)', url: '(\/open-apis[^']*)'/g)].map(
      ([, method, url]) => `${method} ${url}`,
    ),
  );
  const made = [...methods.filter((name) => name.split('.').length > 2), ...addresses];
  const listed = [...neededScopes.flatMap(({ calls }) => calls), ...freeCalls];
  expect(new Set(made)).toEqual(new Set(listed));
});

describe.each(['docs/setup.md', 'docs/zh-CN/setup.md'])('%s', (name) => {
  const page = read(name);

  it('gives the scopes of the manifest to paste into the console', () => {
    const pasted = [...page.matchAll(/```json\n\s*(\{\s*"scopes"[\s\S]*?)```/g)].map(
      ([, json]) => json ?? '',
    );
    expect(pasted).toHaveLength(1);
    expect(JSON.parse(pasted[0] ?? '')).toEqual({ scopes: manifest.scopes });
  });

  it('tells which event and which callback to subscribe to', () => {
    for (const item of [...manifest.events.items, ...manifest.callbacks.items]) expect(page).toContain(item);
  });
});
