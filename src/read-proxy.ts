import type { Environment } from './config.ts';
import type { Problem } from './sync/problem.ts';
import type { WebProxy } from './sync/proxy.ts';
import { type Text, text } from './sync/text.ts';

/**
 * Reads which proxy leads to the open platform, as curl does: `HTTPS_PROXY` or `HTTP_PROXY` by the scheme of its address,
 * else `ALL_PROXY`; in lower case they win. What is wrong with it is added to `problems`, and never quoted.
 * https://curl.se/docs/manpage.html#ENVIRONMENT
 */
export function readProxy(env: Environment, domain: string, problems: Problem[]): WebProxy | undefined {
  const own = domain.startsWith('https:') ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const [setting, value] = either(env, own) ?? either(env, 'ALL_PROXY') ?? [];
  const around = (either(env, 'NO_PROXY')?.[1] ?? '').split(/[\s,]+/).filter(Boolean);
  if (setting === undefined || value === undefined || around.includes('*')) return undefined;
  const url = proxyUrl(value);
  if (typeof url === 'string') return { setting, url, around };
  problems.push({ code: 'wrong-setting', where: setting, message: url.why, cure });
  return undefined;
}

const either = (env: Environment, name: string): readonly [name: string, value: string] | undefined =>
  [name.toLowerCase(), name].flatMap((one) => {
    const value = env[one]?.trim();
    return value ? [[one, value] as const] : [];
  })[0];

/** Completes the address of a proxy: without a scheme, it is an `http:` one. */
export const withScheme = (value: string): string => (value.includes('://') ? value : `http://${value}`);

function proxyUrl(value: string): string | { readonly why: Text } {
  const address = withScheme(value);
  if (!URL.canParse(address)) return { why: noAddress };
  const { href, protocol, hostname, pathname, search, hash, username, password } = new URL(address);
  if (protocol !== 'http:' && protocol !== 'https:') return { why: otherKind };
  const whole = hostname !== '' && pathname === '/' && search === '' && hash === '';
  return whole && decodes(username) && decodes(password) ? href : { why: noAddress };
}

/** Whether a part of an address can be decoded: a lone `%` cannot. */
export function decodes(value: string): boolean {
  try {
    decodeURIComponent(value);
    return true;
  } catch {
    return false;
  }
}

const noAddress = text('代理地址写错了。', 'The address of the proxy is wrong.');
const otherKind = text(
  '只支持 HTTP 代理（http:// 或 https://），不支持 SOCKS 等。',
  'Only HTTP proxies (http:// or https://) can be used, no SOCKS and the like.',
);
const cure = text(
  '写成 http://主机:端口 或 http://用户:密码@主机:端口（密码里的特殊字符用 % 编码，如 @ 写 %40）；不该走代理时删掉它，或设 NO_PROXY=*。',
  'Write http://host:port or http://user:password@host:port (special characters in the password as % codes: @ is %40). If no proxy is to be used, remove it or set NO_PROXY=*.',
);
