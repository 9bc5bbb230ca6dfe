import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

const read = (name: string): string => readFileSync(new URL(`../${name}`, import.meta.url), 'utf8');

interface Manifest {
  readonly app: {
    readonly i18ns: readonly {
      readonly i18n_key: string;
      readonly name: string;
      readonly description: string;
    }[];
  };
  readonly bot: { readonly get_started_desc: Readonly<Record<string, string>> };
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
    expect(Object.keys(manifest.bot.get_started_desc)).toEqual(['zh_cn', 'en_us']);
  });

  it('asks for what the program does, and for nothing else', () => {
    expect(manifest.scopes).toEqual({
      tenant: [
        'im:message:send_as_bot',
        'im:message.p2p_msg:readonly',
        'im:message.group_at_msg:readonly',
        'bitable:app',
        'wiki:wiki:readonly',
        // People by e-mail or mobile, by union_id, and by user_id.
        'contact:user.id:readonly',
        'contact:contact.base:readonly',
        'contact:user.employee_id:readonly',
      ],
      user: [],
    });
    expect(manifest.events.items).toEqual(['im.message.receive_v1']);
    expect(manifest.callbacks.items).toEqual(['card.action.trigger']);
  });

  it('holds no secret', () => expect(JSON.stringify(manifest)).not.toMatch(/secret|cli_|encrypt/i));
});

describe.each(['README.md', 'README.zh-CN.md'])('%s', (name) => {
  const readme = read(name);

  it('gives the scopes of the manifest to paste into the console', () => {
    const pasted = [...readme.matchAll(/```json\n\s*(\{\s*"scopes"[\s\S]*?)```/g)].map(
      ([, json]) => json ?? '',
    );
    expect(pasted).toHaveLength(1);
    expect(JSON.parse(pasted[0] ?? '')).toEqual({ scopes: manifest.scopes });
  });

  it('tells which event and which callback to subscribe to', () => {
    for (const item of [...manifest.events.items, ...manifest.callbacks.items])
      expect(readme).toContain(item);
  });
});
