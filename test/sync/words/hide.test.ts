import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hiding } from '../../../src/sync/words/web-address.ts';

const hide = hiding(['s3cret-word', 'quo"ted\\pass', 'short']);

it.each([
  ['a known secret', 'the s3cret-word is out', 'the *** is out'],
  ['a known secret as JSON has it', JSON.stringify({ a: 'quo"ted\\pass' }), '{"a":"***"}'],
  ['no word that is short', 'short and sweet', 'short and sweet'],
  ['the login of a database', 'see mysql://root:pw@db:3306/shop now', 'see mysql://***@db:3306/shop now'],
  ['a password with @ and /', 'mysql://root:p@ss/w@rd@db/shop', 'mysql://***@db/shop'],
  ['the login of a proxy', 'http://u:p@proxy:3128', 'http://***@proxy:3128'],
  ['no example', 'mysql://user:password@host:3306/database', 'mysql://user:password@host:3306/database'],
  ['no example in Chinese', '写成 http://用户:密码@主机:端口（…）', '写成 http://用户:密码@主机:端口（…）'],
  ['what only begins like one', 'http://user:password1@host', 'http://***@host'],
  ['an empty name', 'redis://:pw@cache', 'redis://***@cache'],
  ['no ordinary address', 'http://host:8080/mail?to=a@b.example', 'http://host:8080/mail?to=a@b.example'],
  [
    'a login without a scheme',
    'CONNECTION_SHOP=root:pw@db.example.com/shop',
    'CONNECTION_SHOP=***@db.example.com/shop',
  ],
  ['one with a port', 'see root:p@ss/w@localhost:3306', 'see ***@localhost:3306'],
  ['one in JSON', '{"a":"root:pw@10.0.0.1"}', '{"a":"***@10.0.0.1"}'],
  [
    'no example without a scheme',
    '写成 用户:密码@主机 或 user:password@host:3306',
    '写成 用户:密码@主机 或 user:password@host:3306',
  ],
  [
    'no hour, no mail address',
    'at 10:30 @bob, ann@b.example, `a`:`b`@x',
    'at 10:30 @bob, ann@b.example, `a`:`b`@x',
  ],
  ['two addresses', 'a://b:c@d e://f:g@h', 'a://***@d e://***@h'],
])('hides %s', (_what, words, shown) => {
  expect(hide(words)).toBe(shown);
});

it('never lets a password of an address through, whatever else stands around it', () => {
  const word = fc.stringMatching(/^[\w@/.-]{6,20}$/u);
  fc.assert(
    fc.property(word, fc.string(), (password, around) => {
      const shown = hide(`${around} mysql://reader:Q${password}Q@db.example.com/shop`);
      expect(shown).not.toContain(`Q${password}Q`);
    }),
  );
});
