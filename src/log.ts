import { pino } from 'pino';
import type { LogLevel } from './config.ts';
import type { Log } from './run/ports.ts';
import { ProblemError } from './sync/words/problem.ts';
import { type Hide, hiding } from './sync/words/web-address.ts';

/** What a log needs: how much, where to, and what must not show. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Takes whole lines, each with its line break. */
  readonly write: (line: string) => void;
  /** Lines for eyes instead of JSON. */
  readonly pretty: boolean;
  /** Values that are replaced wherever they turn up. */
  readonly secrets: readonly string[];
}

/** Opens a log: one JSON object a line, or one readable line on a terminal. */
export function createLog({ level, write, pretty, secrets }: LogOptions): Log {
  const known = hiding(secrets, shortest);
  const hide: Hide = (line) => known(line).replaceAll(secretFact, '$1***').replaceAll(bearer, 'Bearer ***');
  const logger = pino(
    {
      level,
      base: null,
      messageKey: 'event',
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      ...(level === 'debug' ? { mixin: used } : {}),
    },
    { write: (line: string) => write(pretty ? readable(hide(line)) : hide(line)) },
  );
  const isNews = newsOnly();
  const at = (name: 'debug' | 'info' | 'warn' | 'error') => (event: string, facts?: Facts) => {
    if (isNews(event, facts)) logger[name](plainFacts(facts), event);
  };
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Characters of a secret that is looked for: a log has few ordinary words to be blotted out. */
const shortest = 4;

type Facts = Readonly<Record<string, unknown>>;

/** Stands on every line of a debug log: milliseconds of CPU and the most memory that the process has used so far. */
function used(): { readonly cpu: number; readonly peakMb: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpu: Math.round((userCPUTime + systemCPUTime) / 1000), peakMb: Math.round(maxRSS / 1024) };
}

/** How long a line about the same trouble is not repeated, in ms. */
const saidFor = 600_000;

/**
 * Tells whether a line says anything new. What a person must mend, such as a full disk, is met every few seconds by
 * whatever works in the background: the same event with the same words is written once, and again after ten minutes.
 */
function newsOnly(): (event: string, facts?: Facts) => boolean {
  const said = new Map<string, number>();
  return (event, facts = {}) => {
    if (!('problem' in facts) && !Object.values(facts).some((fact) => fact instanceof ProblemError))
      return true;
    const now = performance.now();
    for (const [line, at] of said) if (now - at >= saidFor) said.delete(line);
    const line = JSON.stringify([event, plainFacts(facts)]);
    if (said.has(line)) return false;
    said.set(line, now);
    return true;
  };
}

/** Errors have no own enumerable words: spelt out, with what caused them. */
const plainFacts = (facts: Facts = {}): Facts =>
  Object.fromEntries(Object.entries(facts).map(([name, fact]) => [name, plainFact(fact)]));

function plainFact(fact: unknown): unknown {
  if (fact instanceof ProblemError) {
    const [{ code, cure }] = fact.problems;
    return { code, message: fact.problems.map(({ message }) => message.en).join('; '), cure: cure.en };
  }
  if (!(fact instanceof Error)) return fact;
  const { message, name, stack, cause } = fact;
  return { name, message, stack, ...(cause === undefined ? {} : { cause: plainFact(cause) }) };
}

/** A word after which a value is secret, whoever logged it. */
const secretFact =
  /(\\{0,8}"(?:[a-z_]{0,40}(?:secret|password|token|ticket|access_key)|authorization)\\{0,8}"\s{0,8}:\s{0,8}\\{0,8}")[^"\\]*/gi;
const bearer = /\bBearer [\w.~+/-]+=*/gi;

/** `12:03:04 warn  chat.refused code=230020`. */
function readable(line: string): string {
  const { time, level, event, ...facts } = parsed(line);
  const said = Object.entries(facts).map(([name, fact]) => ` ${name}=${shown(fact)}`);
  return `${String(time).slice(11, 19)} ${String(level).padEnd(5)} ${String(event)}${said.join('')}\n`;
}

/** A secret that looks like JSON itself can have broken the line: it is shown as it is then. */
function parsed(line: string): Record<string, unknown> {
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return { event: line.trimEnd() };
  }
}

const shown = (fact: unknown): string =>
  typeof fact === 'string' && /^[\w./:+-]+$/.test(fact) ? fact : JSON.stringify(fact);
