import { Worker } from 'node:worker_threads';
import type { Bounds } from './wire.ts';

/**
 * What the thread runs: in plain JavaScript, because a thread has no loader for anything else where the program runs
 * from its sources. SQLite sorts and collects in files without a name, of which `/dev/fd` tells where there is one.
 */
const body = `
const { fstatSync, readdirSync, writeSync } = require('node:fs');
const { parentPort, workerData } = require('node:worker_threads');
const { parent, most, beat } = workerData;
const unnamed = (file) => {
  try {
    const about = fstatSync(Number(file));
    return about.isFile() && about.nlink === 0 ? about.blocks * 512 : 0;
  } catch {
    return 0; // closed meanwhile
  }
};
const files = () => {
  try {
    return readdirSync('/dev/fd').reduce((sum, file) => sum + unnamed(file), 0);
  } catch {
    return 0; // the system does not tell
  }
};
setInterval(() => {
  const why = process.memoryUsage.rss() > most.memory ? 'memory' : files() > most.files ? 'files' : '';
  if (why) writeSync(2, why);
  if (why || process.ppid !== parent) process.kill(process.pid, 'SIGKILL');
}, beat);
parentPort.postMessage('begun');
`;

/** How often it looks (ms). */
const beat = 50;

/**
 * Starts a thread that kills this process when it uses up more than it may, or when the one that started it has ended:
 * while SQLite works on a statement nothing else here can.
 */
export function watch(most: Bounds, begun: () => void): void {
  const workerData = { parent: process.ppid, most, beat };
  new Worker(body, { eval: true, workerData }).once('message', begun).unref();
}
