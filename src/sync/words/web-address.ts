/** A proxy that calls go through. */
export interface WebProxy {
  /** The variable that it was set with, such as `HTTPS_PROXY`. */
  readonly setting: string;
  /** Its address. May hold a password: never show it. */
  readonly url: string;
  /** The words of `NO_PROXY`: hosts that are reached without it. */
  readonly around: readonly string[];
}

/** Names a proxy for people: host and port, without its login. */
export const proxyHost = ({ url }: WebProxy): string => new URL(url).host;

/**
 * Tells whether a host is reached through the proxy. A word of `NO_PROXY` stands for a host and all below it, with or
 * without a dot or `*.` before it, at one port where it names one; `*` stands for all. As with curl, this machine
 * itself (`localhost`, `127.0.0.1`) is no exception unless it is listed. https://curl.se/docs/manpage.html#ENVIRONMENT
 */
export function isProxied({ around }: WebProxy, host: string, port: number): boolean {
  const asked = plainHost(host);
  return !around.some((word) => {
    if (word === '*') return true;
    const [, inBrackets, plain, at] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(word) ?? [];
    const name = plainHost(inBrackets ?? plain ?? word).replace(/^\*?\./, '');
    const fits = asked === name || asked.endsWith(`.${name}`);
    return name !== '' && fits && (at === undefined || Number(at) === port);
  });
}

/** Names the proxy that leads to an address, as {@link proxyHost} does; undefined where none does. */
export function proxyTo(address: string, proxy: WebProxy | undefined): string | undefined {
  const { hostname, port, protocol } = new URL(address);
  const at = port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
  return proxy && isProxied(proxy, hostname, at) ? proxyHost(proxy) : undefined;
}

/** A host without brackets around it and a dot behind it. */
const plainHost = (host: string): string =>
  host.replace(/^\[/, '').replace(/\]$/, '').replace(/\.$/, '').toLowerCase();

/** Whether a part of an address can be decoded: a lone `%` cannot. */
export function decodes(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

/** Takes secrets out of words that leave the process. */
export type Hide = (words: string) => string;

/** What stands behind `://`, up to a blank, a quote or the next address. */
const address = /:\/\/((?:[^\s"\\:]|:(?!\/\/))+)/g;
/** A login where the scheme was left out: `name:password@`, before what can only be a host. */
const bareLogin =
  /(?<![\w.%+\-/:@])([\w.%+-]+:(?!\/)[^\s"'\\]+)@(?=localhost\b|\[|[\w-]+:\d|[\w-]+(?:\.[\w-]+)+|[\w-]+\/\w)/g;
/** What stands for a login in our own examples of addresses. */
const examples: ReadonlySet<string> = new Set(['user:password', '用户:密码']);
const database = /(?:mysql2?|mariadb|postgres(?:ql)?|redis)$/i;

/** An address without its login. A password may hold `@`, and in the address of a database also `/`. */
function withoutLogin(whole: string, rest: string, offset: number, words: string): string {
  const isDatabase = database.test(words.slice(Math.max(0, offset - 10), offset));
  const end = isDatabase ? -1 : rest.search(/[/?#]/);
  const at = (end < 0 ? rest : rest.slice(0, end)).lastIndexOf('@');
  const login = rest.slice(0, Math.max(at, 0));
  return login.includes(':') && !examples.has(login) ? `://***@${rest.slice(at + 1)}` : whole;
}

/**
 * Makes what takes secrets out of words: the known ones, plain or as they stand in JSON, and the login of any
 * address, also of one without a scheme.
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
      .replaceAll(address, withoutLogin)
      .replaceAll(bareLogin, (whole: string, login: string) => (examples.has(login) ? whole : '***@'));
}
