import type { Definition } from '../../sync/definition/definition.ts';
import type { State } from '../../sync/state/state.ts';
import { ProblemError, problem } from '../../sync/words/problem.ts';
import { text } from '../../sync/words/text.ts';
import type { Board } from '../board.ts';
import type { IsHeld } from '../held.ts';
import type { Parts } from '../job.ts';
import type { Keeper } from '../keeper.ts';
import type { OpenTable, RunRecord, Table } from '../ports.ts';
import type { GoingOn } from '../run.ts';
import { resolved } from '../target.ts';
import { Launcher } from './launcher.ts';
import type { Run, Started } from './runs.ts';
import { WaitingLine } from './waiting-line.ts';

/** What keeping runs needs besides the parts of a run. */
export interface Surroundings {
  readonly openTable: OpenTable;
  readonly keeper: Keeper;
  /** The definition as it is saved now. Rejects with a `ProblemError`. */
  readonly definition: (name: string) => Promise<Definition>;
  /** Asked before anything begins to write, or goes on after a restart. */
  readonly isHeld: IsHeld;
}

/** How often, and after how many ms, is looked again for a run that holds the table but is not stored yet. */
const busyTries = 40;
const busyPause = 50;
const pressTries = 10;

/** The runs that this process carries out or that stand in its line, and those in the journal. */
export class KnownRuns {
  readonly parts: Parts;
  readonly around: Surroundings;
  readonly launch: Launcher;
  readonly line: WaitingLine;

  constructor(parts: Parts, around: Surroundings) {
    this.parts = parts;
    this.around = around;
    this.launch = new Launcher({ ...parts, keeper: around.keeper });
    this.line = new WaitingLine({ ...parts, isHeld: around.isHeld }, this.launch);
  }

  /** A run of this process. */
  here(run: string): Run | undefined {
    return this.launch.find(run)?.run ?? this.line.find(run);
  }

  /** A run as it is now, or as it was last stored. */
  async live(run: string): Promise<State | undefined> {
    return this.here(run)?.state() ?? (await this.parts.store.journal.findRun(run))?.state;
  }

  /** Answers that a run holds the table. */
  async busy(run: string): Promise<Extract<Started, { kind: 'busy' }>> {
    // Whoever has just taken the table may not have stored the run yet.
    for (let tries = 0; tries < busyTries; tries++) {
      const state = await this.live(run);
      const own = this.here(run);
      // A press that has just taken the table is about to let the run go: then there is more to show.
      if (state?.status === 'running' || (state && tries >= pressTries))
        return { kind: 'busy', state, ...(own ? { run: own } : {}) };
      await this.parts.clock.sleep(busyPause, this.launch.stopping);
    }
    throw problem(heldByStranger);
  }

  openTable(address: string, on: Board): Promise<Table> {
    return this.around.openTable(address, on.meter, this.launch.stopping);
  }

  /** The definition of a run as it is saved now, with the table that counts, or what is wrong with it. */
  async saved({ scope }: RunRecord): Promise<GoingOn['definition']> {
    try {
      return await resolved(await this.around.definition(scope.definition), this.parts.store.facts);
    } catch (error) {
      if (error instanceof ProblemError) return error;
      throw error;
    }
  }
}

const heldByStranger = {
  code: 'table-held',
  message: text('另一个运行占着这个表格。', 'Another run holds this table.'),
  cure: text('请过一分钟再试。', 'Try again in a minute.'),
};
