import { isScheduled } from '../../sync/schedule/health.ts';
import type { State, Status } from '../../sync/state/state.ts';
import type { Problem } from '../../sync/words/problem.ts';
import type { Board } from '../job.ts';
import type { Log } from '../ports.ts';

/**
 * Returns a problem as facts for a log line: code, English message, where, and Feishu's log ID. A database quotes values
 * of rows in its own words about a query that failed: what stands between quotes there is left out.
 */
export function problemFacts({
  code,
  message: { en },
  where,
  logId,
}: Problem): Readonly<Record<string, unknown>> {
  return {
    code: /^\d+$/.test(code) ? Number(code) : code,
    message: code === 'query-failed' ? en.replace(/(['"]).*\1/s, '$1…$1') : en,
    ...(where === undefined ? {} : { where }),
    ...(logId === undefined ? {} : { logId }),
  };
}

const levels: Readonly<Partial<Record<Status, 'warn' | 'error'>>> = {
  failed: 'error',
  partial: 'warn',
  interrupted: 'warn',
};

/** Logs how a run ended: as an error with its reason when it failed, as a warning when only a part was done. */
export function logEnd(state: State, log: Log): void {
  const { run, definition, status, rows, deletes, chunks, calls, read, ms, error } = state;
  const [refused] = chunks.failed;
  const reason = error
    ? problemFacts(error)
    : refused
      ? { code: refused.code ?? refused.how, message: refused.message }
      : {};
  const failed = chunks.failed.length === 0 ? {} : { failedChunks: chunks.failed.length };
  log[levels[status] ?? 'info']('run.ended', {
    ...{ run, definition, status, ...reason, rows, deletes, ...failed, calls, ...(read && { read }), ms },
  });
}

/**
 * Logs that a run began, and its phases as they begin, for a debug log. The schedule's runs begin unheard of, because
 * most of them change nothing and one line is enough for those: they are heard of when they begin to write.
 */
export function logProgress({ state, watch }: Board, table: string, log: Log): void {
  const first = state();
  const { run, definition } = first;
  log[isScheduled(first) ? 'debug' : 'info']('run.started', { run, definition, table });
  let last = first.phase;
  watch(({ phase, ms, changes }) => {
    if (phase === last) return;
    last = phase;
    log.debug('run.phase-changed', { run, phase, ms });
    if (phase === 'uploading' && changes.total > 0 && isScheduled(first))
      log.info('run.write-started', { run, definition, changes: changes.total });
  });
}
