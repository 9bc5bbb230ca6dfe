import type { Command } from '../command.ts';
import { cancel, demo, freeze, pause, resume, start, thaw } from './bot.ts';
import { check, setup } from './check.ts';
import { audit, history, status, why } from './look.ts';
import { backup, definitions, moveStore } from './offline.ts';
import { plan, retry, run } from './run.ts';
import { init, verify } from './table.ts';

/** Every command of the command line, as the help lists them. */
export const commands: readonly Command[] = [
  ...[start, run, plan, cancel, retry],
  ...[status, history, why],
  ...[pause, resume, freeze, thaw],
  ...[init, verify, check, audit],
  ...[setup, definitions, backup, moveStore, demo],
];
