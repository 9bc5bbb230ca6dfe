import type { Field } from '../sync/definition/field.ts';
import type { Target } from '../sync/fields/column.ts';
import { type Change, hashOf, hashOfRow, type Written } from '../sync/plan/change.ts';
import type { Failure } from '../sync/words/failure.ts';
import { refusedRow } from './bad-rows.ts';
import type { Plan } from './plan.ts';
import type { RefusedRow, Rejects, Scope } from './ports.ts';

/** What earlier runs know of rows that Feishu refuses. */
export interface Refused {
  /** Tells apart which changes are as Feishu refused them, and which are to be sent. */
  sift(changes: readonly Written[]): Promise<{
    readonly send: readonly Written[];
    readonly refused: readonly { readonly change: Written; readonly row: RefusedRow }[];
  }>;
  /** After the last change: forgets the rows that changed, are fine by now, or are to be sent again. */
  end(): Promise<void>;
}

/** Opens what is known; undefined when nothing is. */
export async function knownRefused(job: {
  readonly rejects: Rejects;
  readonly scope: Scope;
  readonly run: string;
  /** See {@link fieldsSignature}. */
  readonly fields: string;
  /** Whether a person asked for them to be sent again. */
  readonly again: boolean;
  /** Whether nothing may be noted: the plan is only shown. */
  readonly planOnly: boolean;
}): Promise<Refused | undefined> {
  const { rejects, scope, run, fields, again, planOnly } = job;
  if ((await rejects.size(scope)) === 0) return undefined;
  return {
    async sift(changes) {
      if (again) return { send: changes, refused: [] };
      const known = await rejects.known(
        scope,
        changes.map(({ key }) => key),
      );
      const send: Written[] = [];
      const refused: { change: Written; row: RefusedRow }[] = [];
      for (const change of changes) {
        const row = known.get(change.key);
        if (row?.fields === fields && row.hash === rowHash(change)) refused.push({ change, row });
        else send.push(change);
      }
      if (!planOnly && refused.length > 0)
        await rejects.keep(
          scope,
          run,
          refused.map(({ row }) => row.key),
        );
      return { send, refused };
    },
    async end() {
      if (!planOnly) await rejects.forget(scope, again ? undefined : run);
    },
  };
}

/** Hash of the whole row behind a create or an update. */
export const rowHash = (change: Written): string =>
  change.kind === 'create' ? hashOfRow(change.cells) : change.hash;

/**
 * What Feishu judges values by: type, look and range of the fields that are written. Names do not count, nor
 * options, which every run may add to.
 */
export function fieldsSignature(targets: readonly Target[], fields: readonly Field[]): string {
  const judged = targets.map(({ id }) => {
    const field = fields.find((one) => one.id === id);
    return [id, field?.kind, field?.look, field?.multiple, field?.linkTable, field?.min, field?.max];
  });
  return hashOf(JSON.stringify(judged));
}

/** Returns a row that Feishu refused for what is in it as it is remembered; null for a record that was to be deleted. */
export const refusal = (plan: Plan, change: Change | undefined, failure: Failure): RefusedRow | null =>
  change && change.kind !== 'delete'
    ? { key: change.key, hash: rowHash(change), fields: plan.fields, told: refusedRow(plan, change, failure) }
    : null;
