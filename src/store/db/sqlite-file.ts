import { chmodSync, closeSync, existsSync, fstatSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Problem, problem } from '../../sync/words/problem.ts';
import { type Text, text } from '../../sync/words/text.ts';

/**
 * Makes the store's file, and its folder, where they are missing; only their owner can read them. SQLite gives its
 * side files the rights of the main one, so that one must have them before it is opened.
 * @throws ProblemError when there cannot be such a file
 */
export function prepareFile(path: string): string {
  try {
    makeFolder(dirname(path));
    // A device takes everything and keeps nothing, and a pipe would be waited for.
    const about = statSync(path, { throwIfNoEntry: false });
    if (about && !about.isFile()) throw Object.assign(new Error('no file'), { code: 'EISDIR' });
    const file = openSync(path, 'a', 0o600);
    const open = (fstatSync(file).mode & 0o077) !== 0;
    closeSync(file);
    if (open) for (const one of [path, ...sides(path)]) if (existsSync(one)) chmodSync(one, 0o600);
    return path;
  } catch (error) {
    throw unusable(path, error);
  }
}

/**
 * Makes a folder, and those above it, for its owner only; one that is there stays as it is. One step after the other:
 * Node's own way, `recursive`, goes round for ever where a file system has no room for folders of ours, as /proc.
 */
function makeFolder(folder: string): void {
  const missing: string[] = [];
  for (let at = folder; !existsSync(at); at = dirname(at)) missing.push(at);
  for (const one of missing.reverse()) {
    try {
      mkdirSync(one, { mode: 0o700 });
    } catch (error) {
      // Another process may have been quicker.
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}

const sides = (path: string): readonly string[] => [`${path}-wal`, `${path}-shm`];

/** Why the store's file cannot be used: what is wrong, and what to do. */
const reasons: ReadonlyMap<string, readonly [what: Text, cure: Text]> = new Map(
  Object.entries({
    'EACCES EPERM SQLITE_PERM SQLITE_AUTH': [
      text('没有写权限', 'this program may not write there'),
      text(
        '给运行程序的用户该文件夹和文件的写权限，或修改 STORE_URL',
        'give the user that runs the program the right to write to the file and its folder, or change STORE_URL',
      ),
    ],
    'EROFS SQLITE_READONLY': [
      text('那里是只读的', 'it is read-only'),
      text(
        '换一个可以写的位置：修改 STORE_URL；在容器里挂载一个可写的卷',
        'let STORE_URL name a place that can be written to; in a container, mount a volume for it',
      ),
    ],
    ENOENT: [
      text('那里不能新建文件夹或文件', 'no folder or file can be made there'),
      text('修改 STORE_URL，换一个普通的文件夹', 'let STORE_URL name a file in an ordinary folder'),
    ],
    'ENOTDIR EEXIST': [
      text('路径中间有一段是文件，不是文件夹', 'a part of the path is a file and no folder'),
      text('修改 STORE_URL 里的路径', 'change the path in STORE_URL'),
    ],
    EISDIR: [
      text('它不是普通文件', 'it is no ordinary file'),
      text(
        '在 STORE_URL 里写文件的路径，例如 sqlite:./data/bitable-sync.db',
        'let STORE_URL name a file, such as sqlite:./data/bitable-sync.db',
      ),
    ],
    'ENOSPC EDQUOT SQLITE_FULL': [
      text('磁盘满了', 'the disk is full'),
      text('腾出磁盘空间后重试', 'free some space on the disk, then try again'),
    ],
    'ENAMETOOLONG ELOOP EINVAL': [
      text('路径不对', 'that is no path of a file'),
      text('修改 STORE_URL 里的路径', 'change the path in STORE_URL'),
    ],
    'SQLITE_CORRUPT SQLITE_FORMAT': [
      text('文件已损坏', 'the file is damaged'),
      text(
        '从备份恢复，或移走它重新开始：定义不会丢，但机器人会忘记以前写过什么',
        'restore a backup, or move the file away to start anew: definitions stay, but what was written before is forgotten',
      ),
    ],
    'SQLITE_IOERR SQLITE_CANTOPEN SQLITE_PROTOCOL': [
      text('磁盘出错', 'the disk failed'),
      text(
        '检查磁盘空间、文件权限，以及文件是否还在；网络盘上的 SQLite 不可靠，请放在本机磁盘上',
        'check disk space, file rights, and that the file is still there; keep it on a disk of this machine and not of the network',
      ),
    ],
  } as const).flatMap(([codes, told]) => codes.split(' ').map((code) => [code, told] as const)),
);

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : 'unknown';

function unusable(path: string, error: unknown): unknown {
  const told = fileProblem(path, codeOf(error));
  return told ? problem(told, { cause: error }) : error;
}

/** What a person must put right about the store's file, by the system's code or SQLite's; undefined for what no person can. */
export function fileProblem(path: string, code: string): Problem | undefined {
  const where = 'STORE_URL';
  if (code === 'SQLITE_NOTADB') {
    return {
      code: 'store-not-a-database',
      message: text(`${path} 不是 SQLite 数据库`, `${path} is no SQLite database`),
      cure: text('请移走该文件，或修改 STORE_URL', 'move the file away, or let STORE_URL name another one'),
      where,
    };
  }
  if (code.startsWith('SQLITE_BUSY')) {
    return {
      code: 'store-busy',
      message: text(`${path} 一直被另一个程序占用`, `another program keeps ${path} locked`),
      cure: text(
        '它放开之后会自动继续；如果一直不放，请结束那个程序',
        'everything goes on by itself once it lets go; if it never does, end that program',
      ),
      where,
    };
  }
  // SQLite's finer codes begin with those of their group: SQLITE_IOERR_WRITE.
  const group = /^SQLITE_[A-Z]+/.exec(code)?.[0] ?? code;
  const [what, cure] = reasons.get(group) ?? [];
  if (!what || !cure) return undefined;
  const message = text(
    `无法使用 ${path}：${what.zh}（${code}）`,
    `${path} cannot be used: ${what.en} (${code})`,
  );
  return { code: 'store-unusable', message, cure, where };
}
