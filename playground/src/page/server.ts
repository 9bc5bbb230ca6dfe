import type { News, Outcome, PageAct, RowsWire } from './wire.ts';

/** The playground, as the page talks to it. */
export interface Server {
  act(act: PageAct): Promise<Outcome>;
  rows(table: string, from: number, count: number): Promise<RowsWire>;
}

/** The browser's zone, such as Europe/Berlin. */
const ownZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Sends acts and asks for rows. An act that cannot be sent answers with an error. */
export const openServer = (): Server => ({
  act: async (act) => {
    try {
      const answer = await fetch(`/page/acts?${new URLSearchParams({ zone: ownZone() })}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(act),
      });
      return (await answer.json()) as Outcome;
    } catch (error) {
      return { error: String(error) };
    }
  },
  rows: async (table, from, count) => {
    const query = new URLSearchParams({ table, from: String(from), count: String(count), zone: ownZone() });
    const answer = await fetch(`/page/rows?${query}`);
    return (await answer.json()) as RowsWire;
  },
});

/** Listens to what happens. The browser connects again by itself; each time everything is told anew. */
export function listen(hear: (news: News) => void, online: (on: boolean) => void): void {
  const source = new EventSource('/page/events');
  source.addEventListener('open', () => online(true));
  source.addEventListener('error', () => online(false));
  source.addEventListener('message', ({ data }: MessageEvent<string>) => hear(JSON.parse(data) as News));
}
