import type { ChunkRecord, Fact, Journal, Leases, Store } from '../../src/run/ports.ts';

/**
 * A store for one load that keeps nothing: plan and chunks are in memory while they are needed, outcomes are
 * forgotten. With it a run is as quick as it would be without a journal.
 */
export function memoryStore(): Pick<Store, 'journal' | 'known' | 'leases' | 'facts' | 'rejects' | 'orders'> {
  const chunks = new Map<string, ChunkRecord>();
  const bodies = new Map<string, Uint8Array>();
  const put = (id: string, change: Partial<ChunkRecord>): void => {
    const chunk = chunks.get(id);
    if (chunk) chunks.set(id, { ...chunk, ...change });
  };
  const journal: Partial<Journal> = {
    createRun: nothing,
    saveState: nothing,
    savePlan: nothing,
    findRun: nothing,
    lastDone: nothing,
    openRuns: async () => [],
    async addChunks(_run, added) {
      for (const { body, refused: _, ...chunk } of added) {
        bodies.set(chunk.id, body);
        chunks.set(chunk.id, { ...chunk, ...fresh });
      }
    },
    chunks: async () => [...chunks.values()].sort((a, b) => a.seq - b.seq),
    body: async (_run, chunk) => bodies.get(chunk) ?? new Uint8Array(),
    confirmed: async () => ({ wrote: [], removed: [] }),
    async sending({ chunk, token, at: sentAt }) {
      put(chunk, { status: 'sent', token, sentAt });
    },
    async settle({ chunk, outcome: { status, written, failure } }) {
      put(chunk, { status, written, failure });
      bodies.delete(chunk);
    },
  };
  const leases: Leases = {
    claim: async () => ({ kind: 'claimed', lease: { fence: 1, idle: 0 } }),
    renew: async () => true,
    release: nothing,
    holder: nothing,
    free: nothing,
  };
  const fact = <Of, T>(): Fact<Of, T> => {
    const known = new Map<string, T>();
    return {
      of: async (what) => known.get(JSON.stringify(what)),
      keep: async (what, value) => void known.set(JSON.stringify(what), value),
    };
  };
  const rejects: Partial<Store['rejects']> = {
    addRows: nothing,
    size: async () => 0,
    known: async () => new Map(),
    keep: nothing,
    forget: nothing,
  };
  return {
    journal: journal as Journal,
    known: { load: nothing, keep: nothing },
    leases,
    facts: {
      ...{ width: fact(), chunkSize: fact(), made: fact(), handMade: fact() },
      ...{ agreed: fact(), filled: fact(), fields: fact(), shortCut: fact() },
    },
    rejects: rejects as Store['rejects'],
    orders: { post: nothing, of: async () => [], take: nothing, prune: nothing },
  };
}

const nothing = async (): Promise<undefined> => undefined;

const fresh = {
  status: 'pending',
  token: null,
  sentAt: null,
  attempts: 0,
  written: 0,
  failure: null,
} as const;
