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
  const asked = bare(host);
  return !around.some((word) => {
    if (word === '*') return true;
    const [, inBrackets, plain, at] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/.exec(word) ?? [];
    const name = bare(inBrackets ?? plain ?? word).replace(/^\*?\./, '');
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
const bare = (host: string): string =>
  host.replace(/^\[/, '').replace(/\]$/, '').replace(/\.$/, '').toLowerCase();
