import { type FileHandle, open } from 'node:fs/promises';
import { resolve } from 'node:path';
import { type Checked, checkedCells, checkedHeader, isEqual, verifiedLines } from '../sync/checked.ts';
import { csvLine } from '../sync/csv.ts';
import { problem } from '../sync/problem.ts';
import { inLocale, text } from '../sync/text.ts';
import { refusedOf, wrongIn } from './allowed.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import { newCalls } from './calls.ts';
import type { Desk } from './desk.ts';
import { verifyJson } from './report.ts';
import { plain } from './words.ts';

/** Compares both sides key by key and says what differs. Exit 0 when nothing does, else 1. */
export async function verify(command: Extract<Command, { kind: 'verify' }>, desk: Desk): Promise<Answer> {
  const { program, stopping, locale, cwd } = desk;
  const { name } = command;
  const deed = { right: 'look', what: 'verify' } as const;
  const refused = (await wrongIn(command, desk)) ?? (await refusedOf(command, deed, desk));
  if (refused) return refused;
  const { calls, meter } = newCalls();
  const path = command.csv === undefined ? undefined : resolve(cwd, command.csv);
  const file = path === undefined ? undefined : await openFile(path);
  try {
    await file?.write(`\ufeff${csvLine(checkedHeader.map((one) => inLocale(one, locale)))}`);
    const onKeys = async (keys: readonly Checked[]): Promise<void> => {
      await file?.write(keys.map((one) => csvLine(checkedCells(one, locale))).join(''));
    };
    const seen = await program.verify(name, onKeys, meter, stopping);
    const equal = isEqual(seen);
    const [first = '', ...others] = verifiedLines(seen).map((one) => inLocale(one, locale));
    const title = equal ? text('两边一致', 'both sides are equal') : text('两边不同', 'both sides differ');
    return {
      exit: equal ? 0 : 1,
      json: { ...verifyJson(name, equal ? 'equal' : 'different', null, seen), csv: path ?? null, calls },
      lines: [
        `${equal ? '✓' : '✗'} ${name} — ${inLocale(title, locale)}`,
        ...[first, ...others].map((line) => `  ${plain(line)}`),
        ...(path === undefined ? [] : [`  CSV: ${plain(path)}`]),
      ],
    };
  } finally {
    await file?.close();
  }
}

async function openFile(path: string): Promise<FileHandle> {
  try {
    return await open(path, 'w', 0o600);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    throw problem({
      code: 'csv-not-written',
      where: path,
      message: text(`无法写入文件（${code}）`, `the file cannot be written (${code})`),
      cure: text('请检查 --csv 的路径和写权限', 'check the path after --csv and the right to write there'),
    });
  }
}
