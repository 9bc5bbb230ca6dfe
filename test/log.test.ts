import { describe, expect, it } from 'vitest';
import { createLog, type LogOptions } from '../src/log.ts';
import { problem } from '../src/sync/words/problem.ts';

function lines(options: Partial<LogOptions> = {}) {
  const written: string[] = [];
  const write = (line: string) => {
    written.push(line.replace(/\d\d:\d\d:\d\d(\.\d+Z)?/, 'TIME'));
  };
  return { written, log: createLog({ level: 'info', pretty: false, secrets: [], write, ...options }) };
}

describe('a log line', () => {
  it('is one JSON object with its event and facts', () => {
    const { log, written } = lines();
    log.info('run.started', { run: 'r1', rows: 3 });
    expect(JSON.parse(written[0] ?? '')).toEqual({
      level: 'info',
      time: expect.stringContaining('TIME'),
      event: 'run.started',
      run: 'r1',
      rows: 3,
    });
  });

  it('is easy to read on a terminal', () => {
    const { log, written } = lines({ pretty: true });
    log.warn('chat.refused', { code: 230020, words: 'too fast', host: 'open.feishu.cn' });
    expect(written).toEqual(['TIME warn  chat.refused code=230020 words="too fast" host=open.feishu.cn\n']);
  });

  it('says what a person must mend once, in words', () => {
    const { log, written } = lines();
    const full = (message: string) =>
      problem(
        {
          code: 'store-full',
          message: { zh: '满了', en: message },
          cure: { zh: '腾', en: 'free some space' },
        },
        { cause: new Error('SQLITE_FULL') },
      );
    for (let at = 0; at < 5; at++)
      log.error('run.not-resumed', { run: 'r1', error: full('the disk is full') });
    log.error('run.not-resumed', { run: 'r2', error: full('the disk is full') });
    log.error('run.not-resumed', { run: 'r1', error: full('the disk is gone') });
    expect(written).toHaveLength(3);
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      error: { code: 'store-full', message: 'the disk is full', cure: 'free some space' },
    });
    expect(written.join('')).not.toContain('stack');
  });

  it('is left out below the level', () => {
    const { log, written } = lines({ level: 'warn' });
    log.debug('test.a');
    log.info('test.b');
    log.error('test.c');
    expect(written).toHaveLength(1);
  });

  it('tells in a debug log what the process has used so far', () => {
    const { log, written } = lines({ level: 'debug' });
    log.info('run.planned');
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      cpu: expect.any(Number),
      peakMb: expect.any(Number),
    });
  });

  it('tells an error with its cause', () => {
    const { log, written } = lines();
    log.error('store.failed', { error: new Error('no disk', { cause: new Error('ENOSPC') }) });
    expect(JSON.parse(written[0] ?? '')).toMatchObject({
      error: { message: 'no disk', cause: { message: 'ENOSPC' } },
    });
  });

  it('hides the longer secret first, so that no end of it stays', () => {
    const { log, written } = lines({ secrets: ['pass', 'password-of-mine'] });
    log.info('test.x', { a: 'password-of-mine' });
    expect(written.join('')).not.toContain('of-mine');
  });

  it('survives a secret that looks like the line itself', () => {
    const { log, written } = lines({ pretty: true, secrets: ['"event"'.replaceAll('"', '')] });
    log.info('test.x');
    expect(written).toHaveLength(1);
  });
});
