import { expect, it } from 'vitest';
import { judgeGrants } from '../../src/source/mysql/mysql.ts';

const codes = (...grants: string[]): string[] =>
  judgeGrants(grants, 'shop', 'CONNECTION_SHOP').map((problem) => problem.code);

it.each([
  ['GRANT USAGE ON *.* TO `u`@`%`'],
  ["GRANT USAGE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9'"],
  ['GRANT SELECT ON `shop`.* TO `u`@`%`'],
  ['GRANT SELECT, SHOW VIEW ON `shop`.`orders` TO `u`@`%`'],
  ['GRANT SELECT (`id`, `update`) ON `shop`.`orders` TO `u`@`%`'],
  ['GRANT `reader`@`%` TO `u`@`%`'],
  ['GRANT EXECUTE ON FUNCTION `shop`.`rate` TO `u`@`%`'],
])('has nothing against %s', (grant) => {
  expect(codes(grant)).toEqual([]);
});

it.each([
  ['GRANT ALL PRIVILEGES ON *.* TO `root`@`localhost` WITH GRANT OPTION', 'warn-file-right'],
  ['GRANT SELECT, FILE ON *.* TO `u`@`%`', 'warn-file-right'],
  ['GRANT ALL PRIVILEGES ON `shop`.* TO `u`@`%`', 'warn-more-than-select'],
  ['GRANT SELECT, INSERT ON `shop`.* TO `u`@`%`', 'warn-more-than-select'],
  ['GRANT SELECT ON `shop`.* TO `u`@`%` WITH GRANT OPTION', 'warn-more-than-select'],
  ['GRANT UPDATE (`a`, `b`) ON `shop`.`t` TO `u`@`%`', 'warn-more-than-select'],
  ['GRANT BACKUP_ADMIN,SYSTEM_USER ON *.* TO `u`@`%`', 'warn-more-than-select'],
])('warns of %s', (grant, code) => {
  expect(codes('GRANT USAGE ON *.* TO `u`@`%`', grant)).toEqual([code]);
});

it('names the rights and the GRANT that is enough, but no password hash', () => {
  const [warning] = judgeGrants(
    [
      "GRANT INSERT, DELETE ON *.* TO `u`@`%` IDENTIFIED BY PASSWORD '*6BB4837EB74329105EE4568DDA7DC67ED2CA2AD9'",
    ],
    'my`shop',
    'CONNECTION_SHOP',
  );
  expect(warning?.message.en).toBe('The database user may do more than SELECT: INSERT, DELETE.');
  expect(warning?.cure.en).toContain("GRANT SELECT ON `my``shop`.* TO 'bitable_sync'@'%'");
  expect(JSON.stringify(warning)).not.toContain('6BB4');
});
