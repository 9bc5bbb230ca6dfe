import { chance } from './chance.ts';
import { type Director, direct } from './director.ts';
import { agrees, counts, inShort, type Matter, sums, tableIsRight } from './judge.ts';
import { expected, withoutDeletes } from './model.ts';
import { hide, meddle } from './people.ts';
import type { Ended, Process } from './process.ts';
import type { Ending, Scenario, Step } from './scenario.ts';
import { nextRows } from './source.ts';
import { type Stage, setStage } from './stage.ts';
import type { StoredRun } from './stored.ts';
import { type Witness, watch } from './witness.ts';

/** How a scenario came out. */
export interface Played {
  /** What must not be; empty when all is well. */
  readonly wrong: readonly string[];
  /** What happened, a line a step. */
  readonly story: readonly string[];
}

/** Plays a scenario and judges it. */
export async function play(scenario: Scenario, mysqlUrl: string): Promise<Played> {
  const stage = await setStage(scenario, mysqlUrl);
  try {
    return await new Play(scenario, stage).all();
  } finally {
    await stage.close();
  }
}

/** What is known of the runs so far. */
class Play {
  readonly wrong: string[] = [];
  readonly story: string[] = [];
  private readonly scenario: Scenario;
  private readonly stage: Stage;
  private readonly witness: Witness;
  private readonly director: Director;
  /** The run that a killed or ended process left. */
  private open: Matter | undefined;
  /** By run. */
  private readonly matters = new Map<string, Matter>();
  /** The run that has come to an end, or to a question, last. */
  private last: StoredRun | undefined;
  /** Whether the app may do less than it should. */
  private shut = false;
  /** Somebody agreed to a plan without its deletes. */
  private handMadeKept = false;

  constructor(scenario: Scenario, stage: Stage) {
    this.scenario = scenario;
    this.stage = stage;
    this.witness = watch(stage.feishu, stage.table, stage.source, scenario);
    this.director = direct(stage, scenario);
  }

  async all(): Promise<Played> {
    for (const [at, step] of this.scenario.steps.entries()) {
      this.director.step(at);
      await this.step(step, chance(`step ${this.scenario.seed} ${at}`));
      if (this.bad()) break;
    }
    if (!this.bad()) await this.settle();
    return { wrong: [...this.witness.wrong, ...this.wrong], story: this.story };
  }

  private bad = (): boolean => this.wrong.length + this.witness.wrong.length > 0;

  private async step(step: Step, luck: ReturnType<typeof chance>): Promise<void> {
    const { source, table } = this.stage;
    switch (step.kind) {
      case 'run':
        return this.run(['run things'], step.end);
      case 'two runs':
        return this.run(['run things', step.beside], step.end);
      case 'plan':
        return this.run(['plan things'], { how: 'let' });
      case 'source':
        await source.write(nextRows(luck, this.scenario, source.versions.at(-1) ?? []));
        this.tell(`source: ${source.versions.at(-1)?.length} rows`);
        return;
      case 'person':
        for (let n = luck.int(1, 4); n > 0; n--) meddle(luck, this.scenario, table);
        this.tell('people were in the table');
        return;
      case 'approve':
        if (this.last?.status === 'waiting') await this.approve(this.last, step.withoutDeletes);
        return;
      case 'shut':
        return this.close(step.what, luck);
      case 'opened':
        this.tell('the app may do everything again');
        return this.reopen();
      case 'retry':
      case 'discard':
      case 'resume':
      case 'continue':
        return this.press(step.kind);
    }
  }

  private async close(
    what: Extract<Step, { kind: 'shut' }>['what'],
    luck: ReturnType<typeof chance>,
  ): Promise<void> {
    const { base, table, records } = this.stage;
    this.shut = true;
    this.tell(`the app has lost a permission: ${what}`);
    if (what === 'no access') base.setAccess('none');
    else if (what === 'read only') base.setAccess('read');
    else if (what === 'sees nothing') {
      base.setAccess('edit');
      base.setAdvanced(true);
    } else hide(luck, table, this.witness, await records.confirmed());
  }

  private reopen(): void {
    this.stage.base.setAccess('manage');
    this.stage.base.setAdvanced(false);
    this.shut = false;
  }

  /** Begins a run, unless one goes on. */
  private begin(): Matter {
    if (this.open) return this.open;
    const { source } = this.stage;
    const chain = this.witness.begin();
    const { ownerOf } = this.witness;
    const rows = source.versions.at(-1) ?? [];
    const must = expected(chain.atStart, rows, this.scenario, ownerOf, this.handMadeKept);
    this.open = { chain, must };
    return this.open;
  }

  private async start(line: string, mine: Matter | undefined): Promise<Process> {
    const process = await this.stage.start(line);
    this.witness.launched(process.name, line.startsWith('plan') ? undefined : mine?.chain);
    return process;
  }

  private async run(lines: readonly string[], end: Ending): Promise<void> {
    const mine = lines.every((line) => line.startsWith('plan')) ? undefined : this.begin();
    const processes = await Promise.all(lines.map((line) => this.start(line, mine)));
    let cancelling: Promise<Process> | undefined;
    const cancel = (): void => {
      cancelling ??= this.start('cancel things', mine);
    };
    if (processes[0]) this.director.end(processes[0], end, cancel);
    const ended = await Promise.all(processes.map((process) => process.ended));
    if (cancelling) {
      const process = await cancelling;
      processes.push(process);
      ended.push(await process.ended);
    }
    this.tell(`— ${JSON.stringify(end)}`);
    await this.judge(processes, ended, mine);
  }

  private async approve({ run }: StoredRun, noDeletes: boolean): Promise<void> {
    const mine = this.matters.get(run);
    if (!mine) return;
    if (noDeletes) {
      this.handMadeKept = true;
      mine.must = withoutDeletes(mine.must);
    } else this.witness.agreed(mine.chain);
    const process = await this.start(`run things --approve ${run}${noDeletes ? ' --no-deletes' : ''}`, mine);
    await this.judge([process], [await process.ended], mine);
  }

  private async press(what: 'retry' | 'discard' | 'resume' | 'continue'): Promise<void> {
    const id = this.last?.run ?? '';
    const old = this.matters.get(id);
    if (what !== 'resume' && !old) return;
    const mine = what === 'resume' || !old ? this.begin() : old;
    const { name, program } = await this.stage.open();
    this.witness.launched(name, mine.chain);
    const { runs } = program;
    try {
      const by = { kind: 'cli' } as const;
      if (what === 'discard') {
        this.tell(`discard: ${(await runs.discard(id, by)).kind}`);
        this.last = undefined;
      } else {
        const acted =
          what === 'resume'
            ? undefined
            : await (what === 'retry' ? runs.retry(id, by) : runs.resumeCancelled(id, by));
        const going = acted ? (acted.kind === 'going' ? [acted.run] : []) : await runs.resume();
        const states = await Promise.all(going.map((run) => run.ended));
        this.tell(`${what}: ${acted?.kind ?? ''} ${states.map(inShort).join('; ')}`);
        this.carried(name, states[0]?.run ?? null, mine);
      }
    } finally {
      await program.stop();
    }
    await this.judge([], [], mine);
  }

  /** Looks at what processes say, at what the store says, at what Feishu saw, and at the table. */
  private async judge(
    processes: readonly Process[],
    ended: readonly Ended[],
    mine: Matter | undefined,
  ): Promise<void> {
    await this.director.quiet();
    const runs = await this.stage.records.runs();
    const killed = this.director.killed();
    for (const [at, { name, line }] of processes.entries()) {
      const one = ended[at];
      if (!one) continue;
      const wasKilled = at === 0 && killed;
      const { report, exit, err } = one;
      this.tell(
        `${line}: ${wasKilled ? 'killed' : `exit ${exit}, ${report ? inShort(report) : 'no report'}`}`,
      );
      if (report?.error) this.tell(`  ${report.error.code}`);
      if (!report && !wasKilled) this.wrong.push(`no report: exit ${exit}, ${err.slice(-2000)}`);
      if (report?.error?.code === 'internal' || /"event":"(program|command)\.failed"/.test(err))
        this.wrong.push(`the program failed: ${err.slice(-3000)}`);
      if (!report) continue;
      const stored = runs.find(({ run }) => run === report.run);
      const what = `${line}, run ${report.run} (${report.status}): `;
      this.wrong.push(...[...sums(report), ...agrees(line, one, stored)].map((words) => what + words));
      if (mine && !line.startsWith('plan')) this.carried(name, report.run, mine);
    }
    const failedOver = ended.some(({ report }) => report?.status === 'interrupted');
    this.look(runs, mine, killed || failedOver);
  }

  private carried(program: string, run: string | null, mine: Matter): void {
    const deeds = mine.chain.deeds.get(program);
    if (deeds) deeds.run = run;
    if (run !== null && !this.matters.has(run)) this.matters.set(run, mine);
  }

  /** @param mayBeLeft whether a run may have been left half done just now */
  private look(runs: readonly StoredRun[], mine: Matter | undefined, mayBeLeft: boolean): void {
    const before = this.open;
    const left = runs.filter(({ status, planOnly }) => status === 'running' && !planOnly);
    this.open = left.length > 0 ? (this.matters.get(left[0]?.run ?? '') ?? mine ?? before) : undefined;
    for (const { run } of left) {
      if (!this.matters.has(run) && !mayBeLeft) this.wrong.push(`run ${run} was left open by nobody`);
      if (this.open && !this.matters.has(run)) this.matters.set(run, this.open);
    }
    if (!mine) return;
    const ours = runs.filter(({ run }) => this.matters.get(run) === mine);
    const last = ours.findLast(({ status }) => status !== 'running');
    if (last) this.last = last;
    this.wrong.push(...counts(mine.chain, ours));
    const still = mine.chain.byOthers === 0 && mine.chain.version === this.stage.source.versions.length - 1;
    if (!last || !still || this.shut || left.length > 0) return;
    const what = `run ${last.run} (${last.status}): `;
    this.wrong.push(...tableIsRight(last, mine.must, this.witness).map((words) => what + words));
  }

  /** Everything is calm: two runs must put all right, and a third one has nothing to do. */
  private async settle(): Promise<void> {
    this.reopen();
    this.director.calm();
    this.director.step(this.scenario.steps.length);
    await this.finish('first');
    await this.finish('second');
    if (this.bad()) return;
    const calls = this.stage.feishu.calls().length;
    await this.run(['run things'], { how: 'let' });
    const writes = this.stage.feishu
      .calls()
      .slice(calls)
      .filter(({ write }) => write);
    if (writes.length > 0) this.wrong.push(`a further run wrote: ${JSON.stringify(writes)}`);
    if (this.last?.status === 'waiting') this.wrong.push('a further run waits');
  }

  private async finish(which: string): Promise<void> {
    if (this.bad()) return;
    // Feishu takes by now what it refused; the program tries it again when somebody says so.
    await this.run(['run things --retry-rejected'], { how: 'let' });
    for (let asked = 0; this.last?.status === 'waiting' && asked < 2 && !this.bad(); asked++)
      await this.approve(this.last, false);
    const { rows = {}, deletes = {}, status } = this.last ?? {};
    const amiss =
      (rows['failed'] ?? 1) +
      (rows['unknown'] ?? 0) +
      (rows['notSent'] ?? 0) +
      (deletes['failed'] ?? 0) +
      (deletes['notSent'] ?? 0);
    if (which === 'second' && (amiss > 0 || status === 'waiting'))
      this.wrong.push(`in calm weather the second run ends so: ${JSON.stringify(this.last)}`);
  }

  private tell(words: string): void {
    this.story.push(words);
  }
}
