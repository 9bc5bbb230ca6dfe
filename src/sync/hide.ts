/** Takes secrets out of words that leave the process. */
export type Hide = (words: string) => string;

/** Name and password of an address. A password that is not encoded may hold `@`; one of a database may hold `/` too. */
const databaseLogin = /\b((?:mysql2?|mariadb|postgres(?:ql)?|redis):\/\/)[^\s:"\\]{0,200}:[^\s"\\]{0,400}@/gi;
const login = /(:\/\/)[^\s:@/"\\]{0,200}:[^\s/?#"\\]{0,400}@/g;

/** What stands for a login in our own examples of addresses. */
const example = /:\/\/(?:user:password|用户:密码)@$/;
const masked = (whole: string, scheme: string): string => (example.test(whole) ? whole : `${scheme}***@`);

/**
 * Makes what takes secrets out of words: the known ones, plain or as they stand in JSON, and the login of any address.
 * Words on cards, in files, on the terminal and in the log all go through it.
 * @param shortest characters of a known secret that is looked for: a very short one would blot out ordinary words
 */
export function hiding(secrets: readonly string[], shortest = 8): Hide {
  const known = secrets.filter((one) => one.length >= shortest);
  const written = known.flatMap((one) => [one, JSON.stringify(one).slice(1, -1)]);
  const longestFirst = [...new Set(written)].sort((a, b) => b.length - a.length);
  return (words) =>
    longestFirst
      .reduce((rest, secret) => rest.replaceAll(secret, '***'), words)
      .replaceAll(databaseLogin, masked)
      .replaceAll(login, masked);
}
