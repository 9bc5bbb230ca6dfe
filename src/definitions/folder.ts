import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Definitions, ListedDefinition } from '../bot/ports.ts';
import { BrokenFile, type Problem, problem } from '../sync/words/problem.ts';
import { nearest, text } from '../sync/words/text.ts';
import { type ParsedFile, parseFile } from './file.ts';

/** Bytes that a file may have. Definitions are some kilobytes; anything larger was put there by mistake. */
const largest = 64 * 1024;

type Read = ParsedFile & { readonly file: string };

/** Files as they were read, by their path. */
type Kept = Map<string, { readonly stamp: string; readonly read: Read }>;

/**
 * The saved syncs: one YAML file each in a folder, looked at again at each call and read again where size or time have
 * changed. A broken file is listed with its problems and takes no other one down.
 * @param folder as it is to appear in messages, such as `syncs` or `/etc/bitable-sync`
 */
export function folderDefinitions(folder: string): Definitions {
  let kept: Kept = new Map();

  async function list(): Promise<readonly ListedDefinition[]> {
    const before = kept;
    const now: Kept = new Map();
    const names = await filesIn(folder);
    const read = await Promise.all(names.map((name) => readOne(join(folder, name), before, now)));
    kept = now;
    const taken = new Map<string, Read[]>();
    for (const one of read) {
      if (one.name !== undefined) taken.set(one.name, [...(taken.get(one.name) ?? []), one]);
    }
    return read.map((one) => listed(one, taken)).sort((a, b) => a.name.localeCompare(b.name));
  }

  return {
    list,
    async get(name) {
      const all = await list();
      const found = all.filter((one) => one.name === name);
      const problems = found.flatMap((one) => ('problems' in one ? one.problems : []));
      const [first, ...others] = problems;
      if (first) throw new BrokenFile(name, [first, ...others]);
      const [one] = found;
      if (one && 'definition' in one) return one.definition;
      throw problem(unknown(name, all));
    },
  };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^[^.].*\.ya?ml$/i.test(name)).sort();
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT') return [];
    throw problem(
      {
        code: 'definitions-unreadable',
        message: text(`无法读取文件夹 ${folder}（${code}）`, `the folder ${folder} cannot be read (${code})`),
        cure: text('检查 DEFINITIONS 和文件夹权限', 'Check DEFINITIONS and the rights of the folder.'),
        where: 'DEFINITIONS',
      },
      { cause: error },
    );
  }
}

async function readOne(file: string, before: Kept, now: Kept): Promise<Read> {
  const refused = (one: Problem): Read => ({ file, name: undefined, problems: [one] });
  try {
    const about = await stat(file, { bigint: true });
    // Reading a pipe or a device would never end.
    if (!about.isFile()) return refused(unreadable(file, 'no file'));
    if (about.size > largest) return refused(tooLarge(file));
    const stamp = [about.ino, about.size, about.mtimeNs, about.ctimeNs].join();
    const last = before.get(file);
    const read =
      last?.stamp === stamp ? last.read : { file, ...parseFile(file, decoded(await readFile(file))) };
    now.set(file, { stamp, read });
    return read;
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return refused(code === 'ERR_ENCODING_INVALID_ENCODED_DATA' ? notUtf8(file) : unreadable(file, code));
  }
}

/** @throws TypeError for bytes that are no UTF-8 */
const decoded = (bytes: Buffer): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

/** Two files of one name are both refused: nobody could tell which one a command means. */
function listed(one: Read, taken: ReadonlyMap<string, readonly Read[]>): ListedDefinition {
  const name = one.name ?? one.file.replace(/^.*[\\/]/, '').replace(/\.ya?ml$/i, '');
  const others = (taken.get(name) ?? []).filter((other) => other !== one).map((other) => other.file);
  const doubled = one.name === undefined || others.length === 0 ? [] : [sameName(name, one, others)];
  if ('problems' in one) return { name, file: one.file, problems: [...one.problems, ...doubled] };
  if (doubled.length > 0) return { name, file: one.file, problems: doubled };
  return { name, definition: one.definition };
}

const sameName = (name: string, one: Read, others: readonly string[]): Problem => ({
  code: 'doubled-name',
  message: text(
    `还有别的文件也叫 ${name}：${others.join('、')}`,
    `${name} is also the name of ${others.join(', ')}`,
  ),
  cure: text('改掉其中一个 name', 'Change the name in one of them.'),
  where: 'where' in one ? one.where : one.file,
});

function unknown(name: string, all: readonly ListedDefinition[]): Problem {
  const shown = name.length > 40 ? `${name.slice(0, 40)}…` : name;
  const names = all.map((one) => one.name);
  const near = nearest(name, names);
  const list = (near.length > 0 ? near : names.slice(0, 20)).join(', ');
  return {
    code: 'no-such-definition',
    message: text(`没有叫 ${shown} 的同步`, `there is no sync called ${shown}`),
    cure:
      names.length === 0
        ? text(
            '还没有定义：在定义文件夹里放一个 YAML 文件',
            'There are no definitions yet: put a YAML file into their folder.',
          )
        : near.length > 0
          ? text(`是不是 ${list}？`, `Did you mean ${list}?`)
          : text(`现有的同步：${list}`, `There are: ${list}.`),
  };
}

const tooLarge = (file: string): Problem => ({
  code: 'file-too-large',
  message: text('文件超过 64 KB', 'the file is larger than 64 KB'),
  cure: text(
    '定义文件只有几 KB；如果它不是定义，请移走',
    'Definitions are small; move the file away if it is none.',
  ),
  where: file,
});

const notUtf8 = (file: string): Problem => ({
  code: 'file-not-utf8',
  message: text('文件不是 UTF-8 编码', 'the file is not in UTF-8'),
  cure: text('用编辑器另存为 UTF-8', 'Save it as UTF-8 in the editor.'),
  where: file,
});

const unreadable = (file: string, code: string): Problem => ({
  code: 'file-unreadable',
  message: text(`无法读取文件（${code}）`, `the file cannot be read (${code})`),
  cure: text(
    '检查文件权限，以及它是不是普通文件（或指向普通文件的链接）',
    'Check the rights of the file, and that it is an ordinary one or a link to one.',
  ),
  where: file,
});
