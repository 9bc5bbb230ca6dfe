import { helpCard } from '../../cards/answer-cards.ts';
import { historyCard, type Listed, listCard, type Standstill, statusCard } from '../../cards/list-cards.ts';
import { storyCard } from '../../cards/row-cards.ts';
import type { Definition } from '../../sync/definition.ts';
import { approvers } from '../access.ts';
import type { Desk } from '../desk.ts';
import { brokenDefinition } from '../known.ts';
import type { CardJson, Kept } from '../ports.ts';
import { outlooks } from '../schedule/outlook.ts';
import { quotaSpent } from '../schedule/quota.ts';
import { factsOf } from '../trouble.ts';

/** Every sync with its last run and its next one; what is wrong in a file is for admins. */
export async function list(openId: string, desk: Desk): Promise<CardJson> {
  const { definitions, kept, runs, clock, log, locale, timeZone } = desk;
  const all = await definitions.list();
  const sound = all.flatMap((one) => ('definition' in one ? [one.definition] : []));
  const clocks = await outlooks(sound, { kept, timeZone, now: clock.now() });
  const lastOf = async (name: string) => {
    try {
      return (await runs.latest(name, 1))[0];
    } catch (error) {
      log.error('run.not-read', { name, ...factsOf(error) });
      return undefined;
    }
  };
  const listed = await Promise.all(
    all.map(async (one): Promise<Listed> => {
      if (!('definition' in one)) {
        const admin = desk.admins.includes(openId);
        return { name: one.name, problems: admin ? one.problems : [brokenDefinition(one.name)] };
      }
      return {
        name: one.name,
        title: one.definition.title,
        last: await lastOf(one.name),
        ...clocks.get(one.name),
      };
    }),
  );
  return listCard(listed, { locale, timeZone, still: await standstill(desk) });
}

/** What holds everything at this moment. */
export async function standstill({
  kept: { holds },
  clock,
}: {
  readonly kept: Pick<Kept, 'holds'>;
  readonly clock: Desk['clock'];
}) {
  const [frozen, spent] = await Promise.all([holds.frozen(), quotaSpent(holds, clock.now())]);
  return { frozen, spentUntil: spent?.until } satisfies Standstill;
}

/** What goes on or waits, wherever it is carried out. */
export async function status({ runs, kept, clock, locale, timeZone }: Desk): Promise<CardJson> {
  const [open, still] = await Promise.all([runs.open(), standstill({ kept, clock })]);
  const states = open.map(({ state }) => state);
  return statusCard(states, still, { locale, timeZone });
}

/** Runs that the history shows. */
const shown = 10;

/** The last runs of a definition. */
export async function history({ name, title }: Definition, desk: Desk): Promise<CardJson> {
  const { runs, locale, timeZone } = desk;
  return historyCard(title, name, await runs.latest(name, shown), { locale, timeZone });
}

/** What the latest runs did with one row. */
export async function why({ name, title }: Definition, key: string, desk: Desk): Promise<CardJson> {
  const { locale, timeZone } = desk;
  return storyCard(title, key, await desk.story(name, key), { locale, timeZone });
}

/** What this person may ask for. */
export async function help(openId: string, desk: Desk): Promise<CardJson> {
  const all = await desk.definitions.list().catch(() => []);
  const admin = desk.admins.includes(openId);
  const approver = all.some((one) => {
    if (!('definition' in one)) return false;
    const people = approvers(one.definition.access, desk.admins);
    return people.some((one) => one === openId || one === 'everyone' || one === 'runners');
  });
  return helpCard(openId, desk.locale, { admin, approver: admin || approver });
}
