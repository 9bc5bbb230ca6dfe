import type { Report } from '../../src/cli/report.ts';
import { chance } from './chance.ts';
import { type Director, direct } from './director.ts';
import { differences, type Expected, expected } from './model.ts';
import { meddle } from './people.ts';
import type { Ending, Scenario, Step } from './scenario.ts';
import { nextRows } from './source.ts';
import { type Ended, type Process, type Stage, setStage } from './stage.ts';
import { type Chain, type Witness, watch } from './witness.ts';

/** How a scenario came out. */
export interface Played {
  /** What must not be; empty when all is well. */
  readonly wrong: readonly string[];
  /** What happened, a line a step. */
  readonly story: readonly string[];
}

/** Numbers of a run, from its report or its state. */
type Numbers = Pick<Report, 'status' | 'rows' | 'deletes'> & { readonly run: string | null };

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
  /** The run that a killed or ended process left, or the last one that waits or came out badly. */
  private open: { chain: Chain; must: Expected } | undefined;
  private readonly chains = new Map<string, { chain: Chain; must: Expected }>();
  private readonly reports = new Map<Chain, Map<string, Numbers>>();
  private last: Numbers | undefined;

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
        return this.run(['run things', luck.yes(0.5) ? 'run things --wait 100' : 'run things'], step.end);
      case 'plan': {
        const before = this.witness.changes();
        await this.run(['plan things'], { how: 'let' });
        if (this.witness.changes() !== before) this.wrong.push('a plan wrote to the table');
        return;
      }
      case 'source':
        await source.write(nextRows(luck, this.scenario, source.versions.at(-1) ?? []));
        this.tell(`source: ${source.versions.at(-1)?.length} rows`);
        return;
      case 'person':
        for (let n = luck.int(1, 4); n > 0; n--) meddle(luck, this.scenario, table);
        this.tell('people were in the table');
        return;
      case 'approve':
        if (this.last?.status === 'waiting') await this.approve(this.last);
        return;
      case 'retry':
      case 'discard':
      case 'resume':
        return this.press(step.kind);
    }
  }

  /** Begins a run, unless one goes on. */
  private begin(): { chain: Chain; must: Expected } {
    if (this.open) {
      this.witness.follow(this.open.chain);
      return this.open;
    }
    const { source } = this.stage;
    const chain = this.witness.begin();
    const must = expected(chain.atStart, source.versions.at(-1) ?? [], this.scenario, this.witness.ownerOf);
    this.open = { chain, must };
    return this.open;
  }

  private async run(lines: readonly string[], end: Ending): Promise<void> {
    const planned = lines[0] === 'plan things';
    const mine = planned ? undefined : this.begin();
    this.witness.launched();
    const processes: Process[] = lines.map((line) => this.stage.start(line));
    if (processes[0]) this.director.end(processes[0], end);
    const ended = await Promise.all(processes.map((process) => process.ended));
    await this.director.quiet();
    const told = ended.flatMap(({ report }) => report ?? []);
    const left =
      this.director.killed() ||
      told.some(
        ({ run, status }) =>
          status === 'interrupted' &&
          !told.some((other) => other.run === run && other.status !== 'interrupted'),
      );
    for (const { report } of ended) if (mine && report?.run) this.note(report, mine.chain);
    for (const [at, one] of ended.entries()) {
      const wasKilled = at === 0 && this.director.killed();
      this.tell(`${lines[at]} (${at === 0 ? JSON.stringify(end) : 'beside it'}): ${inShort(one, wasKilled)}`);
      if (!one.report && !wasKilled) this.wrong.push(`no report: exit ${one.exit}, ${one.err.slice(-2000)}`);
      if (one.report) this.judge(one.report, one, mine);
    }
    if (!left && !planned) this.open = undefined;
  }

  private async approve(waiting: Numbers): Promise<void> {
    const mine = this.chains.get(waiting.run ?? '');
    if (!mine) return;
    this.witness.follow(mine.chain);
    this.witness.agreed();
    this.witness.launched();
    const process = this.stage.start(`run things --approve ${waiting.run}`);
    const ended = await process.ended;
    this.tell(`approve: ${inShort(ended, false)}`);
    if (!ended.report) this.wrong.push(`no report: exit ${ended.exit}, ${ended.err.slice(-2000)}`);
    else this.judge(ended.report, ended, mine);
  }

  private async press(what: 'retry' | 'discard' | 'resume'): Promise<void> {
    const id = this.last?.run ?? '';
    const old = this.chains.get(id);
    if (what !== 'resume' && !old) return;
    const mine = what === 'resume' || !old ? this.begin() : old;
    this.witness.follow(mine.chain);
    this.witness.launched();
    const program = await this.stage.open();
    try {
      const by = { kind: 'cli' } as const;
      if (what === 'discard') {
        this.tell(`discard: ${(await program.runs.discard(id, by)).kind}`);
        this.last = undefined;
        return;
      }
      const acted = what === 'retry' ? await program.runs.retry(id, by) : undefined;
      const runs = acted ? (acted.kind === 'going' ? [acted.run] : []) : await program.runs.resume();
      const states = await Promise.all(runs.map((run) => run.ended));
      this.tell(
        `${what}: ${acted?.kind ?? ''} ${states.map((state) => numbersOf(state as Numbers)).join('; ')}`,
      );
      for (const state of states) this.judge(state as Numbers, undefined, mine);
      if (what === 'resume') this.open = undefined;
    } finally {
      await program.stop();
    }
  }

  /** Looks at what a run says of itself: sums, the witness's counts, and the table when nothing came between. */
  private judge(
    report: Numbers,
    ended: Ended | undefined,
    mine: { chain: Chain; must: Expected } | undefined,
  ): void {
    const full = ended?.report;
    if (full?.error?.code === 'internal' || ended?.err.includes('program.failed'))
      this.wrong.push(`the program failed: ${ended?.err.slice(-3000)}`);
    if (full?.error?.code === 'table-busy' || report.run === null) return;
    const { read, ...rows } = report.rows;
    const { planned: deletes, ...gone } = report.deletes;
    const what = `run ${report.run} (${report.status})`;
    if (sum(rows) !== read) this.wrong.push(`${what}: rows do not add up: ${JSON.stringify(report.rows)}`);
    if (report.status !== 'planned' && report.status !== 'waiting' && sum(gone) !== deletes)
      this.wrong.push(`${what}: deletes do not add up: ${JSON.stringify(report.deletes)}`);
    if (ended && (ended.exit === 0) !== (report.status === 'done' || report.status === 'planned'))
      this.wrong.push(`${what}: exit code ${ended.exit}`);
    if (!mine) return;
    this.last = report;
    this.chains.set(report.run, mine);
    this.compareCounts(report, mine.chain, what);
    this.compareTable(report, mine, what);
  }

  /** All runs of a chain, with the newest that each said of itself. */
  private note(report: Numbers, chain: Chain): ReadonlyMap<string, Numbers> {
    const reports = this.reports.get(chain) ?? new Map<string, Numbers>();
    // Of a run that another process took over, that one tells how it ended.
    const old = reports.get(report.run ?? '');
    if (!old || report.status !== 'interrupted') reports.set(report.run ?? '', report);
    this.reports.set(chain, reports);
    return reports;
  }

  private compareCounts(report: Numbers, chain: Chain, what: string): void {
    const reports = this.note(report, chain);
    const all = (pick: (one: Numbers) => number): number =>
      [...reports.values()].reduce((n, one) => n + pick(one), 0);
    const created = all(({ rows }) => rows.created);
    const updated = all(({ rows }) => rows.updated);
    const deleted = all(({ deletes }) => deletes.done);
    const saw = { created: chain.added, updated: chain.edits, deleted: chain.removed };
    const slack = chain.byPeople;
    if (created > saw.created + slack)
      this.wrong.push(`${what}: says ${created} created, ${saw.created} were`);
    if (updated > saw.updated + slack)
      this.wrong.push(`${what}: says ${updated} updated, ${saw.updated} were`);
    if (deleted > saw.deleted + slack)
      this.wrong.push(`${what}: says ${deleted} deleted, ${saw.deleted} were`);
    const sure = report.status !== 'interrupted' && slack === 0;
    const unknown = all(({ rows }) => rows.unknown);
    const unknownDeletes = all(({ deletes }) => deletes.unknown);
    if (sure && saw.created > created + unknown)
      this.wrong.push(`${what}: ${saw.created} were created, it says ${created}`);
    if (sure && chain.edited.size > updated + unknown)
      this.wrong.push(`${what}: ${chain.edited.size} were updated, it says ${updated}`);
    if (sure && saw.deleted > deleted + unknownDeletes)
      this.wrong.push(`${what}: ${saw.deleted} were deleted, it says ${deleted}`);
  }

  private compareTable(
    report: Numbers,
    { chain, must }: { chain: Chain; must: Expected },
    what: string,
  ): void {
    const { rows, deletes, status } = report;
    const amiss =
      rows.failed + rows.unknown + rows.notSent + deletes.failed + deletes.unknown + deletes.notSent;
    const still = chain.byPeople === 0 && chain.version === this.stage.source.versions.length - 1;
    if ((status !== 'done' && status !== 'partial') || amiss > 0 || !still) return;
    this.wrong.push(...differences(this.witness.records(), must).map((one) => `${what}: ${one}`));
  }

  /** Everything is calm: two runs must put all right, and a third one has nothing to do. */
  private async settle(): Promise<void> {
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
      await this.approve(this.last);
    const last = this.last;
    const { rows, deletes, status } = last ?? {};
    const amiss =
      (rows?.failed ?? 1) +
      (rows?.unknown ?? 0) +
      (rows?.notSent ?? 0) +
      (deletes?.failed ?? 0) +
      (deletes?.notSent ?? 0);
    if (which === 'second' && (amiss > 0 || status === 'waiting'))
      this.wrong.push(`in calm weather the second run ends so: ${JSON.stringify(last)}`);
  }

  private tell(words: string): void {
    this.story.push(words);
  }
}

const sum = (numbers: Readonly<Record<string, number>>): number =>
  Object.values(numbers).reduce((all, one) => all + one, 0);

function inShort({ exit, report }: Ended, killed: boolean): string {
  if (killed) return 'killed';
  return `exit ${exit}, ${report ? numbersOf(report) : 'no report'}${report?.error ? `, ${report.error.code}` : ''}`;
}

const numbersOf = ({ run, status, rows, deletes }: Numbers): string =>
  `${run} ${status} rows ${short({ ...rows })} deletes ${short({ ...deletes })}`;

const short = (numbers: Readonly<Record<string, number>>): string =>
  Object.entries(numbers)
    .filter(([, n]) => n > 0)
    .map(([name, n]) => `${name} ${n}`)
    .join(', ');
