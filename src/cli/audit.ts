import type { AuditEntry } from '../bot/ports.ts';
import { inLocale, text } from '../sync/text.ts';
import type { Answer } from './answer.ts';
import type { Command } from './arguments.ts';
import type { Desk } from './desk.ts';
import { plain } from './words.ts';

/** Lists who asked for what. */
export async function audit(
  { name, limit }: Extract<Command, { kind: 'audit' }>,
  { program, locale }: Desk,
): Promise<Answer> {
  const entries = await program.audit(name, limit);
  const refused = inLocale(text('被拒绝', 'refused'), locale);
  const shellOf = (user: string): string =>
    inLocale(text(`命令行（${user}）`, `the command line (${user})`), locale);
  const none = inLocale(text('还没有记录。', 'Nothing yet.'), locale);
  return {
    exit: 0,
    json: { status: 'ok', entries: entries.map(entryJson), error: null },
    lines:
      entries.length === 0
        ? [none]
        : entries.map(({ at, by, via, what, definition, run, allowed, chat }) =>
            plain(
              [
                new Date(at).toISOString(),
                via === 'cli' ? shellOf(by) : `${by}  ${via}`,
                what,
                definition,
                run,
                chat,
                allowed ? '' : refused,
              ]
                .filter((word) => word !== '')
                .join('  '),
            ),
          ),
  };
}

const entryJson = ({ at, by, chat, via, what, definition, run, allowed }: AuditEntry): object => ({
  at: new Date(at).toISOString(),
  ...{ by, chat, via, what, allowed },
  definition: definition === '' ? null : definition,
  run: run === '' ? null : run,
});
