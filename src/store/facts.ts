import { z } from 'zod';
import type { Fact, Scope, TableFacts } from '../run/ports.ts';
import { knownFieldSchema, parsed } from '../sync/state/stored.ts';
import type { Database } from './db/backend.ts';
import { hash } from './db/encode.ts';

/** What was learned of bases and tables. */
export function tableFacts(db: Database): TableFacts {
  const fact = <Of, T>(
    nameOf: (what: Of) => string,
    read: (text: string, name: string) => T,
    write: (value: T) => string = (value) => JSON.stringify(value),
  ): Fact<Of, T> => ({
    async of(what) {
      const name = nameOf(what);
      const row = await db
        .selectFrom('bitable_sync_memory')
        .select('value')
        .where('name_hash', '=', hash(name))
        .executeTakeFirst();
      return row && read(parsed(name, row.value, z.string()), name);
    },
    async keep(what, value) {
      const name = nameOf(what);
      const row = { name_hash: hash(name), name: JSON.stringify(name), value: JSON.stringify(write(value)) };
      await db.replaceInto('bitable_sync_memory').values(row).execute();
    },
  });
  const inScope =
    (fact: string) =>
    ({ definition, table }: Scope) =>
      `${fact}:${definition}@${table}`;
  const as =
    <T>(schema: z.ZodType<T>) =>
    (text: string, name: string) =>
      parsed(name, text, schema);
  const itself = (text: string) => text;
  return {
    width: fact((base) => `width:${base}`, itself, itself),
    chunkSize: fact((table) => `chunk-size:${table}`, as(z.number().int().positive())),
    made: fact((definition) => `target:${definition}`, as(madeTable)),
    handMade: fact(
      inScope('hand-made'),
      (text) => (text === 'keep' ? 'keep' : 'delete'),
      (said) => (said === 'keep' ? 'keep' : 'yes'),
    ),
    agreed: fact(inScope('agreed'), itself, itself),
    filled: fact(inScope('filled'), as(z.array(z.string()))),
    fields: fact(inScope('fields'), as(z.array(knownFieldSchema))),
  };
}

const madeTable = z.object({ of: z.string(), name: z.string(), table: z.string().nullable() });
