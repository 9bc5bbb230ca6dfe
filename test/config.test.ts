import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { connectionOf, localeOf, readConfig, readLocalConfig, secretsOf } from '../src/config.ts';
import { readEnvironment } from '../src/env-file.ts';
import { connectionVariable } from '../src/sync/definition/databases.ts';
import { ProblemError } from '../src/sync/words/problem.ts';

const app = { FEISHU_APP_ID: 'cli_0123456789abcdef', FEISHU_APP_SECRET: 'app-secret' };

let cwd = '';
beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(cwd, { recursive: true }));

/** Names the settings that are complained about. */
function complaints(env: Record<string, string>): readonly (string | undefined)[] {
  try {
    readConfig(env, cwd);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems.map(({ where }) => where);
    throw error;
  }
  return [];
}

describe('the settings', () => {
  it('have defaults for everything but the app', () => {
    expect(readConfig(app, cwd)).toEqual({
      app: {
        id: 'cli_0123456789abcdef',
        secret: 'app-secret',
        domain: 'https://open.feishu.cn',
        proxy: undefined,
        events: { kind: 'long-connection' },
      },
      definitions: join(cwd, 'syncs'),
      connections: new Map(),
      store: { kind: 'sqlite', url: `sqlite:${join(cwd, 'data/bitable-sync.db')}` },
      http: null,
      admins: [],
      timeZone: 'Asia/Shanghai',
      locale: 'zh-CN',
      logLevel: 'auto',
      keepDays: 30,
      keepBytes: 1_024_000_000,
      advice: [],
    });
  });

  it('are taken as they are given', () => {
    const config = readConfig(
      {
        ...app,
        FEISHU_DOMAIN: 'https://open.larksuite.com/',
        FEISHU_EVENTS: 'long-connection',
        HTTP_PORT: '8080',
        STORE_URL: 'sqlite:/var/lib/sync.db',
        DEFINITIONS: '.',
        CONNECTION_SHOP: 'mysql://reader:pass@db.example.com/shop',
        CONNECTION_MY_SHOP: 'sqlite:./shop.db',
        ADMINS: 'ou_0a1b, ou_2c3d,ou_0a1b',
        TIME_ZONE: 'Europe/Berlin',
        LOCALE: 'en-US',
        LOG_LEVEL: 'debug',
        KEEP_DAYS: '7',
      },
      cwd,
    );
    expect(config).toEqual({
      app: { ...readConfig(app, cwd).app, domain: 'https://open.larksuite.com' },
      definitions: cwd,
      connections: new Map([
        ['MY_SHOP', { kind: 'sqlite', url: `sqlite:${join(cwd, 'shop.db')}` }],
        ['SHOP', { kind: 'mysql', url: 'mysql://reader:pass@db.example.com/shop' }],
      ]),
      store: { kind: 'sqlite', url: 'sqlite:/var/lib/sync.db' },
      http: { port: 8080 },
      admins: ['ou_0a1b', 'ou_2c3d'],
      timeZone: 'Europe/Berlin',
      locale: 'en-US',
      logLevel: 'debug',
      keepDays: 7,
      keepBytes: 1_024_000_000,
      advice: [],
    });
  });

  it('that are empty count as not set, as container tools hand them over', () => {
    expect(readConfig({ ...app, ADMINS: '', HTTP_PORT: ' ', CONNECTION_SHOP: '' }, cwd)).toEqual(
      readConfig(app, cwd),
    );
  });

  it('that are missing or wrong are all told at once', () => {
    expect(
      complaints({
        FEISHU_APP_ID: 'cli_short',
        FEISHU_DOMAIN: 'http://open.feishu.cn',
        FEISHU_EVENTS: 'pigeon',
        HTTP_PORT: '70000',
        STORE_URL: 'oracle:db',
        DEFINITIONS: './nowhere',
        CONNECTION_SHOP: 'shop',
        ADMINS: 'somebody',
        TIME_ZONE: 'CST',
        LOCALE: 'fr-FR',
        LOG_LEVEL: 'loud',
        KEEP_DAYS: '0',
      }),
    ).toEqual([
      'FEISHU_APP_ID',
      'FEISHU_APP_SECRET',
      'FEISHU_DOMAIN',
      'FEISHU_EVENTS',
      'DEFINITIONS',
      'CONNECTION_SHOP',
      'STORE_URL',
      'HTTP_PORT',
      'ADMINS',
      'TIME_ZONE',
      'LOCALE',
      'LOG_LEVEL',
      'KEEP_DAYS',
    ]);
  });

  it.each([
    [{ LOCALE: 'en' }, 'en-US'],
    [{ LOCALE: 'zh', LANG: 'en_US.UTF-8' }, 'zh-CN'],
    [{ LANG: 'en_US.UTF-8' }, 'en-US'],
    [{ LANG: 'en_US.UTF-8', LC_MESSAGES: 'zh_CN.UTF-8' }, 'zh-CN'],
    [{ LANG: 'zh_CN.UTF-8', LC_MESSAGES: 'zh_TW', LC_ALL: 'C' }, 'en-US'],
    [{ LANG: 'de_DE.UTF-8', LC_ALL: '' }, 'en-US'],
    [{}, 'zh-CN'],
  ])('speak to the terminal in its language: %j', (env, locale) => {
    expect(localeOf(env)).toBe(locale);
  });

  it('take a language by its short name for the cards, too; the shell says nothing about those', () => {
    expect(readConfig({ ...app, LOCALE: 'en' }, cwd).locale).toBe('en-US');
    expect(readConfig({ ...app, LANG: 'en_US.UTF-8' }, cwd).locale).toBe('zh-CN');
  });

  it('each come with a cure in both languages', () => {
    try {
      readConfig({ LOCALE: 'fr-FR', CONNECTION_SHOP: '?' }, cwd);
      expect.unreachable();
    } catch (error) {
      if (!(error instanceof ProblemError)) throw error;
      for (const { message, cure } of error.problems) {
        for (const words of [message.zh, message.en, cure.zh, cure.en]) expect(words).not.toBe('');
      }
    }
  });

  it('of the webhook are its keys, its port and how old a request may be', () => {
    const keys = { FEISHU_ENCRYPT_KEY: 'key', FEISHU_VERIFICATION_TOKEN: 'token' };
    const hook = { ...app, FEISHU_EVENTS: 'webhook', HTTP_PORT: '8080', ...keys };
    const config = readConfig(hook, cwd);
    const seconds = (WEBHOOK_WINDOW: string) => readConfig({ ...hook, WEBHOOK_WINDOW }, cwd).app.events;
    expect(config.app.events).toEqual({
      kind: 'webhook',
      encryptKey: 'key',
      verificationToken: 'token',
      window: 25_200,
    });
    expect(secretsOf(hook)).toEqual(expect.arrayContaining(['key', 'token']));
    for (const [written, window] of [
      ['90', 90],
      ['90s', 90],
      ['30m', 1800],
      ['7d', 604_800],
    ] as const)
      expect(seconds(written)).toMatchObject({ window });
    for (const written of ['0s', '8d', '-1h', '7 h', 'long'])
      expect(complaints({ ...hook, WEBHOOK_WINDOW: written })).toEqual(['WEBHOOK_WINDOW']);
    expect(complaints({ ...app, FEISHU_EVENTS: 'webhook' })).toEqual([
      'FEISHU_ENCRYPT_KEY',
      'FEISHU_VERIFICATION_TOKEN',
      'HTTP_PORT',
    ]);
  });

  it('need no app where Feishu is not called', () => {
    expect(readLocalConfig({}, cwd).definitions).toBe(join(cwd, 'syncs'));
  });
});

describe('the address of Feishu', () => {
  it.each([
    'http://127.0.0.1:4020',
    'http://localhost:80',
    'http://[::1]:99',
    'https://feishu.example.com:8443',
  ])('may be %s', (FEISHU_DOMAIN) => expect(complaints({ ...app, FEISHU_DOMAIN })).toEqual([]));

  it.each([
    'http://open.feishu.cn',
    'http://127.0.0.1.example.com',
    'https://open.feishu.cn/open-apis',
    'https://user:word@open.feishu.cn',
    'open.feishu.cn',
    'ftp://open.feishu.cn',
  ])('must not be %s', (FEISHU_DOMAIN) =>
    expect(complaints({ ...app, FEISHU_DOMAIN })).toEqual(['FEISHU_DOMAIN']),
  );
});

describe('a connection', () => {
  it.each([
    'mysql://u:p%40ss@db:3306/shop',
    'mysql://db/shop?ssl=true',
    'mysql://db/shop?ssl=skip-verify&socket=/run/mysqld/mysqld.sock',
    'mariadb://u@db/shop',
    'sqlite:shop.db',
    'sqlite:///abs/shop.db',
  ])('may be %s', (CONNECTION_SHOP) => expect(complaints({ ...app, CONNECTION_SHOP })).toEqual([]));

  it.each([
    'mysql://u:p@db:3306',
    'mysql://u:p/s@db/shop',
    'mysql://u:p#s@db/shop',
    'mysql://u:100%@db/shop',
    'mysql://db/shop?ssl={}',
    'mysql://db/shop?charset=utf8',
    'postgres://u:p@db/shop',
    'sqlite:',
    'sqlite::memory:',
  ])('must not be %s, nor may the store', (url) =>
    expect(complaints({ ...app, CONNECTION_SHOP: url, STORE_URL: url })).toEqual([
      'CONNECTION_SHOP',
      'STORE_URL',
    ]),
  );

  it('is found by the name that definitions use', () => {
    const config = readConfig({ ...app, CONNECTION_MY_SHOP: 'mysql://db/shop' }, cwd);
    expect(connectionVariable('my-shop')).toBe('CONNECTION_MY_SHOP');
    expect(connectionOf(config, 'my-shop')).toEqual({ kind: 'mysql', url: 'mysql://db/shop' });
    expect(connectionOf(config, 'other')).toBeUndefined();
  });
});

describe('a variable that is no setting', () => {
  it.each([
    ['FEISHU_DOMIAN', 'FEISHU_DOMAIN'],
    ['FEISHU_APP_IDS', 'FEISHU_APP_ID'],
    ['FEISHU_ENCRYPTKEY', 'FEISHU_ENCRYPT_KEY'],
    ['FEISHU_ROBOT_COLOUR', 'FEISHU_APP_ID, FEISHU_APP_SECRET'],
    ['ADMIN', 'ADMINS'],
    ['TIMEZONE', 'TIME_ZONE'],
    ['LOGLEVEL', 'LOG_LEVEL'],
    ['STORE_URI', 'STORE_URL'],
    ['DEFINITION', 'DEFINITIONS'],
    ['KEEP_DAY', 'KEEP_DAYS'],
    ['CONNECTIONS_SHOP', 'CONNECTION_SHOP'],
    ['CONECTION_MY_SHOP', 'CONNECTION_MY_SHOP'],
    ['CONNECTION_my-shop', 'CONNECTION_MY_SHOP'],
    ['connectionOrders', 'CONNECTION_ORDERS'],
    ['ConnectionsMyShop', 'CONNECTION_MY_SHOP'],
    ['CONNECTION-X', 'CONNECTION_X'],
    ['connection.shop2', 'CONNECTION_SHOP2'],
    ['CONNECTION', 'CONNECTION_<NAME>'],
    ['CONNECTION_', 'CONNECTION_<NAME>'],
    ['connections', 'CONNECTION_<NAME>'],
  ])('is told: %s may be meant as %s', (name, meant) => {
    const env = { ...app, [name]: 'some value' };
    if (meant === 'FEISHU_APP_ID') env.FEISHU_APP_ID = '';
    const { advice } = readLocalConfig(env, cwd);
    expect(advice).toMatchObject([{ code: 'warn-unknown-setting', where: name }]);
    expect(advice[0]?.cure.en).toContain(meant);
    expect(JSON.stringify(advice)).not.toContain('some value');
  });

  it('is no concern of ours when it belongs to another program, or the setting is there', () => {
    const env = {
      ...{ PATH: '/bin', HOME: '/root', TZ: 'UTC', LANG: 'C', LOGNAME: 'ann', HTTP_PROXY: 'x', PORT: '1' },
      ...{ ADMIN: 'ann', ADMINS: 'ou_1a', LC_ALL: 'C', HOSTNAME: 'h', HTTPS_PROXY: 'x', NODE_ENV: 'test' },
      ...{ TIMEZONE: '', CONNECTION_SHOP: 'sqlite:./a.db', CONNECT_TIMEOUT: '5', CONNECTOR: 'x' },
      ...{ SSH_CONNECTION: '1', CONNECTIONSTRING: 'x', CONNECT_ID: 'x' },
    };
    expect(readLocalConfig(env, cwd).advice).toEqual([]);
  });

  it.each([
    ['FEISHU_APP_SECERT', 'FEISHU_APP_SECRET'],
    ['APP_SECRET', 'FEISHU_APP_SECRET'],
    ['LARK_APP_SECRET', 'FEISHU_APP_SECRET'],
    ['FEISHU_SECRET', 'FEISHU_APP_SECRET'],
  ])('is named where a setting is missing: %s for %s', (name, missing) => {
    const env = { FEISHU_APP_ID: app.FEISHU_APP_ID, [name]: 'some value' };
    try {
      readConfig(env, cwd);
      expect.unreachable();
    } catch (error) {
      const { problems } = error as ProblemError;
      expect(problems.map(({ where }) => where)).toEqual([missing]);
      expect(problems[0].cure.en).toBe(`${name} is set: rename it to ${missing}.`);
    }
  });
});

describe('a secret', () => {
  it('never stands in a complaint', () => {
    try {
      readConfig({ FEISHU_APP_SECRET: 'hush-hush', CONNECTION_SHOP: 'mysql://u:top-secret#@db/shop' }, cwd);
      expect.unreachable();
    } catch (error) {
      expect(JSON.stringify(error) + String(error)).not.toMatch(/hush-hush|top-secret/);
    }
  });

  it('is listed for the log to hide, encoded or not', () => {
    const secrets = secretsOf({ ...app, CONNECTION_SHOP: 'mysql://u:p%40ssword@db/shop' });
    expect(secrets).toEqual(expect.arrayContaining(['app-secret', 'p%40ssword', 'p@ssword']));
  });
});

describe('the .env file', () => {
  const put = (content: string | Buffer) => writeFileSync(join(cwd, '.env'), content);
  const read = () => readEnvironment({}, cwd);

  it('is read, and a variable that is really set wins', () => {
    put('# comment\nKEEP_DAYS=7\nLOCALE="en-US" # both\nADMINS=ou_1a\n');
    const { env, advice } = readEnvironment({ KEEP_DAYS: '9' }, cwd);
    expect(readLocalConfig(env, cwd)).toMatchObject({ keepDays: 9, locale: 'en-US', admins: ['ou_1a'] });
    expect(advice).toEqual([]);
  });

  const content = 'KEEP_DAYS=7\r\nexport ADMINS = "ou_1a"\r\n\r\nQUIET_HOURS=\'22:00-08:00\' # 夜里\r\n';
  const utf16 = Buffer.from(content, 'utf16le');
  it.each([
    ['UTF-8', Buffer.from(content)],
    ['UTF-8 with a mark', Buffer.from(`\ufeff${content}`)],
    ['UTF-16LE with a mark', Buffer.from(`\ufeff${content}`, 'utf16le')],
    ['UTF-16BE with a mark', Buffer.from(`\ufeff${content}`, 'utf16le').swap16()],
    ['UTF-16LE', utf16],
    ['UTF-16BE', Buffer.from(utf16).swap16()],
    ['old line breaks', Buffer.from(content.replaceAll('\r\n', '\r'))],
    [
      'a comment in another encoding',
      Buffer.concat([Buffer.from([0x23, 0xd6, 0xd0, 0x0a]), Buffer.from(content)]),
    ],
  ])('is read as %s', (_, bytes) => {
    put(bytes);
    expect(read()).toEqual({
      env: { KEEP_DAYS: '7', ADMINS: 'ou_1a', QUIET_HOURS: '22:00-08:00' },
      advice: [],
    });
  });

  it.each([
    ['a name that is no setting', 'COLOUR=red', '.env:1', 'warn-unknown-setting'],
    ['a line that sets nothing', 'KEEP_DAYS: 7', '.env:1', 'warn-env-line'],
    ['quotes that do not match', 'ADMINS="ou_1a', '.env:1', 'warn-env-quote'],
    ['quotes of a word processor', 'ADMINS=“ou_1a”', '.env:1', 'warn-env-quote'],
    ['a setting that stands twice', 'KEEP_DAYS=7\nKEEP_DAYS=8', 'KEEP_DAYS', 'warn-env-doubled'],
  ])('tells of %s', (_, lines, where, code) => {
    put(`${lines}\nKEEP_MB=5\nTZ=UTC\nCONNECTION_SHOP=sqlite:./a.db\n`);
    const { env, advice } = read();
    expect(advice).toMatchObject([{ where, code }]);
    expect(JSON.stringify(advice)).not.toMatch(/red|ou_1a/);
    expect(env['KEEP_MB']).toBe('5');
  });

  it.each([
    ['a pasted key', 'KEY=1\nMIIEvQsecret+/x9==', 2],
    ['letters of a pasted key', 'KEY=1\nQUJDsecretRVo=', 2],
    ['a doubled line of one', 'KEY=1\naB3secret==\naB3secret==', 2],
    ['a value that goes on in the next line', 'KEY="abc\nsecret=word"', 2],
    ['a value in several lines', "KEY='abc\nSECRET=1\n_secret=2\nsecret'", 2],
    ['a word that is no setting', 'secretp4ss=word', 1],
    ['a word in capitals that is no setting', 'KEY="abc\nSECRET=word"', 2],
    ['a line without end', `KEY=1\n${'secret'.repeat(50)}=1`, 2],
  ])('names the line, and not what stands there, of %s', (_, lines, line) => {
    put(lines);
    const { advice } = read();
    expect(advice).toContainEqual(expect.objectContaining({ where: `.env:${line}` }));
    expect(JSON.stringify(advice)).not.toContain('secret');
  });

  it('that is no list of settings is told in a few lines', () => {
    put(Array.from({ length: 3000 }, (_, at) => `line ${at} of a poem\nname${at}=x`).join('\n'));
    const { advice } = read();
    expect(advice.length).toBeLessThan(20);
    expect(JSON.stringify(advice)).toMatch(/2,9\d\d more/);
  });

  it('that is a link to nowhere is refused, as one that cannot be read', () => {
    rmSync(join(cwd, '.env'), { force: true });
    symlinkSync(join(cwd, 'gone.env'), join(cwd, '.env'));
    expect(read).toThrow('The .env file cannot be read');
  });

  it('that is no text at all is refused in one short line', () => {
    put(Buffer.from(Array.from({ length: 3000 }, (_, at) => `name${at}=\0secret`).join('\n')));
    expect(read).toThrow(/^.{1,300}$/s);
    expect(read).not.toThrow('secret');
  });

  it('is refused when a value cannot be read', () => {
    put(
      Buffer.concat([
        Buffer.from('CONNECTION_SHOP=mysql://a:'),
        Buffer.from([0xd6, 0xd0]),
        Buffer.from('@b/c\n'),
      ]),
    );
    expect(read).toThrow('CONNECTION_SHOP');
  });

  it('need not exist', () => {
    rmSync(join(cwd, '.env'), { force: true });
    expect(readEnvironment({ KEEP_DAYS: '9' }, cwd)).toEqual({ env: { KEEP_DAYS: '9' }, advice: [] });
  });
});

describe('the proxy', () => {
  const local = { FEISHU_DOMAIN: 'http://localhost:8080' };

  it.each([
    [{ HTTPS_PROXY: 'http://proxy.example.com:3128' }, 'HTTPS_PROXY', 'http://proxy.example.com:3128/'],
    [{ https_proxy: 'proxy.example.com:3128' }, 'https_proxy', 'http://proxy.example.com:3128/'],
    [{ HTTPS_PROXY: 'http://one', https_proxy: 'http://two' }, 'https_proxy', 'http://two/'],
    [{ HTTPS_PROXY: 'https://u:p%40ss@proxy' }, 'HTTPS_PROXY', 'https://u:p%40ss@proxy/'],
    [{ HTTPS_PROXY: 'ann:pass@proxy:3128' }, 'HTTPS_PROXY', 'http://ann:pass@proxy:3128/'],
    [{ ALL_PROXY: 'http://proxy' }, 'ALL_PROXY', 'http://proxy/'],
    [{ all_proxy: 'socks5://proxy', HTTPS_PROXY: 'http://one' }, 'HTTPS_PROXY', 'http://one/'],
    [{ HTTPS_PROXY: ' ', all_proxy: 'http://proxy' }, 'all_proxy', 'http://proxy/'],
    [{ HTTP_PROXY: 'http://proxy', ...local }, 'HTTP_PROXY', 'http://proxy/'],
    [{ HTTP_PROXY: 'http://proxy' }, undefined, undefined],
    [{ HTTPS_PROXY: 'http://proxy', ...local }, undefined, undefined],
    [{ HTTPS_PROXY: 'http://proxy', NO_PROXY: '*' }, undefined, undefined],
    [{ HTTPS_PROXY: 'nonsense://', NO_PROXY: 'a, *' }, undefined, undefined],
    [{ HTTP_PROXY: 'socks5://proxy' }, undefined, undefined],
    [{ FTP_PROXY: 'http://proxy', NO_PROXY: 'a' }, undefined, undefined],
  ])('%j', (env, setting, url) => {
    const { proxy } = readConfig({ ...app, ...env }, cwd).app;
    expect(proxy && { setting: proxy.setting, url: proxy.url }).toEqual(setting && { setting, url });
  });

  it('takes the words of NO_PROXY, however they are parted', () => {
    const env = {
      HTTPS_PROXY: 'proxy:3128',
      NO_PROXY: 'ignored',
      no_proxy: ' localhost,.corp  10.0.0.1:80,',
    };
    expect(readConfig({ ...app, ...env }, cwd).app.proxy?.around).toEqual([
      'localhost',
      '.corp',
      '10.0.0.1:80',
    ]);
  });

  it.each([
    'http://',
    'http://ann:top-secret@',
    'http://proxy:port',
    'http://ann:top#secret@proxy:3128',
    'http://ann:top/secret@proxy:3128',
    'http://ann:top%secret@proxy:3128',
    'http://proxy:3128/path',
    'socks5://ann:top-secret@proxy:1080',
    'ftp://proxy',
    'two words',
  ])('is refused in words, without its password: %s', (HTTPS_PROXY) => {
    for (const env of [{ HTTPS_PROXY }, { https_proxy: HTTPS_PROXY }, { ALL_PROXY: HTTPS_PROXY }]) {
      expect(complaints({ ...app, ...env })).toEqual(Object.keys(env));
      try {
        readConfig({ ...app, ...env }, cwd);
      } catch (error) {
        expect(JSON.stringify((error as ProblemError).problems)).not.toMatch(/secret|ann/);
        expect((error as ProblemError).problems[0].cure.en).toContain('http://user:password@host:port');
      }
    }
  });

  it('keeps its password a secret, also without a scheme', () => {
    expect(secretsOf({ HTTPS_PROXY: 'ann:pass%40word@proxy:3128' })).toEqual(['pass%40word', 'pass@word']);
    expect(secretsOf({ all_proxy: 'http://ann:pass-word@proxy' })).toContain('pass-word');
  });

  it('of other programs is no slip of ours', () => {
    const env = { GOPROXY: 'x', FTP_PROXY: 'x', http_proxy: 'x', no_proxy: 'x', RSYNC_PROXY: 'x' };
    expect(readLocalConfig({ ...env, CONNECTION_SHOP: 'sqlite:./a.db' }, cwd).advice).toEqual([]);
  });
});
