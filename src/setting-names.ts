import type { Environment } from './config.ts';
import { settings } from './settings.ts';
import { edits, nearest } from './sync/nearest.ts';
import type { Problem } from './sync/problem.ts';
import { text } from './sync/text.ts';

const ownPrefix = 'FEISHU_';
const connectionPrefix = 'CONNECTION_';
const known: ReadonlySet<string> = new Set(settings.map(({ name }) => name));
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
export interface Place {
  readonly name: string;
  readonly lines: readonly number[];
}

/**
 * Returns the name of a setting, or the line of what is none: a key or a value of several lines that was pasted has
 * lines with `=`, too, and what stands before it is part of the secret.
 */
export const shownPlace = ({ name, lines }: Place): string =>
  known.has(name) || isConnection(name) ? name : `.env:${lines[0]}`;

/**
 * Returns a warning for each name in our own `.env` file that is no setting: unlike the environment, nobody else is
 * meant there. Those that {@link unknownSettings} tells of are left out.
 */
export function unknownInFile(places: readonly Place[], env: Environment): readonly Problem[] {
  const told = new Set(unknownSettings(env).map(({ where }) => where));
  return places
    .filter(({ name }) => !known.has(name) && !isConnection(name))
    .filter(({ name }) => !others.test(name) && !told.has(name))
    .map((place) => ({
      code: 'warn-unknown-setting',
      where: shownPlace(place),
      message: text(
        '.env 里的这个名称不是设置，它不起作用。',
        'This name in .env is no setting, so it does nothing.',
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
  const names = (meant.length > 0 ? meant : feishuNames).join(', ');
  return {
    code: 'warn-unknown-setting',
    where: name,
    message: text('没有这个设置，它不起作用。', 'There is no such setting, so it does nothing.'),
    cure:
      meant.length > 0
        ? text(`是不是 ${names}？请改名。`, `Did you mean ${names}? Rename it.`)
        : text(
            `以 FEISHU_ 开头的设置有：${names}。请改名；不是给本程序用的可以不管。`,
            `The settings that begin with FEISHU_ are ${names}. Rename it, or ignore this if it is for another program.`,
          ),
  };
}
