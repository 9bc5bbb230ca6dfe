import { lstatSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseEnv } from 'node:util';
import type { Environment } from './setting-values.ts';
import { settings } from './settings.ts';
import { type Problem, type ProblemError, problem } from './sync/words/problem.ts';
import { count, edits, listed, nearest, text } from './sync/words/text.ts';

/** Variables with those of the `.env` file, and what in that file does not do what it looks like. */
export interface ReadEnvironment {
  readonly env: Environment;
  readonly advice: readonly Problem[];
}

/**
 * Adds the `.env` file of the folder, when there is one; a variable that is really set wins over it. The file may be
 * UTF-8 or UTF-16, with a byte order mark or without. No value of it is ever quoted.
 * @throws {ProblemError} for a file that cannot be read
 */
export function readEnvironment(env: Environment, cwd: string): ReadEnvironment {
  const file = resolve(cwd, '.env');
  const bytes = bytesOf(file);
  if (bytes === undefined) return { env, advice: [] };
  const { variables, advice, places } = parsed(decoded(bytes));
  const broken = places.filter(({ name }) => /[\0\ufffd]/.test(variables[name] ?? ''));
  if (broken.length > 0) throw notText(file, broken.map(shownPlace));
  const all = { ...variables, ...env };
  return { env: all, advice: few([...advice, ...unknownInFile(places, all)]) };
}

/** The first five of each kind, and how many more there are: a wrong file has thousands of lines. */
function few(all: readonly Problem[]): readonly Problem[] {
  const kinds = [...new Set(all.map(({ code }) => code))];
  return kinds.flatMap((code) => {
    const same = all.filter((one) => one.code === code);
    const [first] = same;
    if (!first || same.length < 6) return same;
    const left = count(same.length - 5);
    const message = text(`还有 ${left} 行也是这样。`, `${left} more lines are like that.`);
    return [...same.slice(0, 5), { code, where: '.env', message, cure: first.cure }];
  });
}

function bytesOf(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch (cause) {
    if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    const message = text('.env 文件无法读取。', 'The .env file cannot be read.');
    const cure = text(
      '检查文件权限；如果它是链接，看看指向的文件在不在；不需要就删除它。',
      'Check its permissions and, where it is a link, that its file is there; or remove it.',
    );
    throw problem({ code: 'wrong-setting', where: file, message, cure }, { cause });
  }
}

/** Editors on Windows save UTF-16, or put a mark before the first name, which would then be part of it. */
function decoded(bytes: Buffer): string {
  const [first, second] = bytes;
  const little = (first === 0xff && second === 0xfe) || (first !== 0 && second === 0);
  const big = (first === 0xfe && second === 0xff) || (first === 0 && second !== 0);
  const encoding = little ? 'utf-16le' : big ? 'utf-16be' : 'utf-8';
  const content = new TextDecoder(encoding).decode(bytes);
  return content.replaceAll(/\r\n?/g, '\n').replaceAll(/^\ufeff/gm, '');
}

interface Parsed {
  readonly variables: Readonly<Record<string, string>>;
  readonly places: readonly Place[];
  readonly advice: readonly Problem[];
}

/** Reads line by line: no setting has several lines, and a line that sets nothing must not swallow the next one. */
function parsed(content: string): Parsed {
  const variables: Record<string, string> = {};
  const advice: Problem[] = [];
  const places = new Map<string, Place & { readonly lines: number[] }>();
  for (const [at, line] of content.split('\n').entries()) {
    const words = line.trim();
    if (words === '' || words.startsWith('#')) continue;
    const where = `.env:${at + 1}`;
    const name = /^(?:export\s+)?([^\s=#]+)\s*=/.exec(words)?.[1];
    if (name === undefined) {
      advice.push({ where, ...notSet });
      continue;
    }
    if (/=\s*(?:(["'`])(?!.*\1)|[“”‘’])/.test(words)) advice.push({ where, ...openQuote });
    variables[name] = Object.values(parseEnv(words))[0] ?? '';
    const place = places.get(name) ?? { name, lines: [] };
    place.lines.push(at + 1);
    places.set(name, place);
  }
  const doubled = [...places.values()].filter(({ lines }) => lines.length > 1);
  return { variables, places: [...places.values()], advice: [...advice, ...doubled.map(doubledProblem)] };
}

const notSet = {
  code: 'warn-env-line',
  message: text('这一行不是“名称=值”，不起作用。', 'This line is not NAME=value, so it does nothing.'),
  cure: text('写成 KEEP_DAYS=30 这样；注释以 # 开头。', 'Write it as KEEP_DAYS=30; comments begin with #.'),
};

const openQuote = {
  code: 'warn-env-quote',
  message: text(
    '引号没有成对，被当作值的一部分。',
    'The quotes do not match, so they are part of the value.',
  ),
  cure: text('去掉引号，或在同一行里用一对直引号。', 'Remove them, or use a pair of straight quotes.'),
};

const doubledProblem = (place: Place): Problem => ({
  code: 'warn-env-doubled',
  where: shownPlace(place),
  message: text(
    `.env 里写了 ${place.lines.length} 次（第 ${place.lines.join('、')} 行），最后一次有效。`,
    `.env sets it ${place.lines.length} times (lines ${place.lines.join(', ')}); the last one counts.`,
  ),
  cure: text('只留一行。', 'Keep one of the lines.'),
});

/** A file in another encoding, or no text at all: the first few say enough. */
const notText = (file: string, all: readonly string[]): ProblemError => {
  const names = all.length > 5 ? [...all.slice(0, 5), '…'] : all;
  return problem({
    code: 'wrong-setting',
    where: file,
    message: text(
      `.env 不是 UTF-8，读不出 ${names.join('、')} 的值。`,
      `.env is not UTF-8: the values of ${names.join(', ')} cannot be read.`,
    ),
    cure: text('把文件另存为 UTF-8。', 'Save the file as UTF-8.'),
  });
};

const ownPrefix = 'FEISHU_';
const connectionPrefix = 'CONNECTION_';
const known: ReadonlySet<string> = new Set(Object.keys(settings));
const feishuNames = [...known].filter((name) => name.startsWith(ownPrefix));
/** All but those of proxies, which every program reads, and whose names are near to others such as `GOPROXY`. */
const otherNames = [...known].filter((name) => /^(?!FEISHU_|.*_PROXY$)[A-Z_]+$/.test(name));

/**
 * Returns a warning for each variable that looks like a setting but is none, so that it does nothing.
 *
 * Every unknown `FEISHU_…` is told. Of the others, which may belong to any program, only those that are a slip away from
 * a setting that is not set itself. Values are never looked at.
 */
export const unknownSettings = (env: Environment): readonly Problem[] =>
  Object.keys(env)
    .sort()
    .flatMap((name) => {
      if (known.has(name) || isUnset(env, name)) return [];
      const meant = meantBy(name).filter((one) => isUnset(env, one));
      return meant.length > 0 || name.startsWith(ownPrefix) ? [unknownSetting(name, meant)] : [];
    });

/** Variables that other programs and Node itself read from the same file. */
const others = /^(?:NODE_|npm_|COMPOSE_|DOCKER_)|^(?:TZ|LANG|PATH|HOME|(?:https?|all|no)_proxy)$/i;

/** Where the `.env` file sets a name; lines count from 1. */
interface Place {
  readonly name: string;
  readonly lines: readonly number[];
}

/**
 * Returns the name of a setting, or the line of what is none: a key or a value of several lines that was pasted has
 * lines with `=`, too, and what stands before it is part of the secret.
 */
const shownPlace = ({ name, lines }: Place): string =>
  known.has(name) || isConnection(name) ? name : `.env:${lines[0]}`;

/**
 * Returns a warning for each name in our own `.env` file that is no setting: unlike the environment, nobody else is
 * meant there. Those that {@link unknownSettings} tells of are left out.
 */
function unknownInFile(places: readonly Place[], env: Environment): readonly Problem[] {
  const told = new Set(unknownSettings(env).map(({ where }) => where));
  return places
    .filter(({ name }) => !known.has(name) && !isConnection(name))
    .filter(({ name }) => !others.test(name) && !told.has(name))
    .map((place) => ({
      code: 'warn-unknown-setting',
      where: shownPlace(place),
      message: text(
        '.env 里的这个名称不是设置，它不起作用。',
        'This name in .env is not a setting, so it has no effect.',
      ),
      cure: text(
        '所有设置见 bitable-sync --help；不需要就删掉这一行。',
        'bitable-sync --help lists the settings; remove the line if nothing needs it.',
      ),
    }));
}

/** Returns the variables that are set and were probably meant to be the setting `name`, such as `APP_ID`. */
export const slipsFor = (name: string, env: Environment): readonly string[] => {
  const bare = name.replace(ownPrefix, '');
  return Object.keys(env).filter(
    (one) =>
      !known.has(one) &&
      !isUnset(env, one) &&
      (meantBy(one).includes(name) || one === bare || one === `LARK_${bare}`),
  );
};

const isConnection = (name: string): boolean => /^CONNECTION_[A-Z0-9_]{1,50}$/.test(name);
const isUnset = (env: Environment, name: string): boolean => !env[name]?.trim();

/** The settings that a variable of this name may have been meant to be. */
function meantBy(name: string): readonly string[] {
  if (name.startsWith(ownPrefix)) return nearest(name, feishuNames);
  const connection = connectionMeant(name);
  if (connection !== undefined) return connection === name ? [] : [connection];
  const asked = bareLetters(name);
  const slips = asked.length < 10 ? 1 : 2;
  return asked.length < 5 ? [] : otherNames.filter((one) => edits(asked, bareLetters(one)) <= slips);
}

/** `CONNECTION_MY_SHOP` for `CONNECTIONS_MY_SHOP`, `connection-my-shop`, `connectionMyShop` and the like. */
function connectionMeant(name: string): string | undefined {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase();
  const [first = '', ...rest] = words.split(/[^A-Z0-9]+/).filter((word) => word !== '');
  if (edits(first, connectionPrefix.slice(0, -1)) > (rest.length > 0 ? 2 : 1)) return undefined;
  return connectionPrefix + (rest.length > 0 ? rest.join('_') : '<NAME>');
}

const bareLetters = (name: string): string => name.toUpperCase().replaceAll(/[^A-Z0-9]/g, '');

function unknownSetting(name: string, meant: readonly string[]): Problem {
  const [own, near] = [listed(feishuNames), listed(meant)];
  const cure =
    meant.length > 0
      ? text(`是不是 ${near.zh}？请改名。`, `Did you mean ${near.en}? Rename it.`)
      : text(
          `以 FEISHU_ 开头的设置有：${own.zh}。请改名；不是给本程序用的可以不管。`,
          `The settings that begin with FEISHU_ are ${own.en}. Rename it, or ignore this if it is for another program.`,
        );
  const message = text('没有这个设置，它不起作用。', 'There is no such setting, so it has no effect.');
  return { code: 'warn-unknown-setting', where: name, message, cure };
}
