import { inLocale, text } from '../../sync/words/text.ts';
import { type Command, definitionName } from '../command.ts';
import { hindered, sessionCommand } from '../session.ts';

/** Freezes everything, or thaws it: whoever is on the command line may. */
const rule = (name: 'freeze' | 'thaw', help: Command['help']): Command =>
  sessionCommand({
    ...{ name, help },
    failed: (_, error) => ({ status: 'failed', by: null, since: null, going: [], error }),
    run: async (_, { program, shell: { world, locale } }) => {
      const { words, frozen, going } = await program.rule(name, world.user);
      return {
        exit: 0,
        json: {
          status: frozen ? 'frozen' : 'thawed',
          by: frozen ? (frozen.by.openId ?? frozen.by.user ?? null) : null,
          since: frozen ? new Date(frozen.at).toISOString() : null,
          going: going.map(({ run, definition }) => ({ run, definition })),
          error: null,
        },
        lines: [
          ...words.map((one) => inLocale(one, locale)),
          ...going.map(({ definition, run }) => `  bitable-sync cancel ${definition}  (${run})`),
        ],
      };
    },
  });

export const freeze = rule(
  'freeze',
  text(
    '冻结全部：不再开始任何会写入的同步，不论由谁、在哪里发起',
    'stop everything: nothing that writes starts any more, whoever asks and wherever',
  ),
);
export const thaw = rule('thaw', text('解除冻结', 'let everything go on after freeze'));

/** Pauses what a definition does by the clock, or lets it go on: as `/sync pause` and `/sync resume` do. */
const turn = (what: 'pause' | 'resume', help: Command['help']): Command =>
  sessionCommand({
    ...{ name: what, help, words: { name: definitionName } },
    failed: ({ name }, error) => ({ status: 'failed', definition: name, error }),
    run: async ({ name }, session) => {
      const { program, shell } = session;
      const refused = await hindered(name, { right: 'look', what }, session);
      if (refused) return refused;
      const words = await program.turn(what, name, shell.world.user);
      return {
        exit: 0,
        json: { status: what === 'pause' ? 'paused' : 'resumed', definition: name, error: null },
        lines: [`${name}: ${inLocale(words, shell.locale)}`],
      };
    },
  });

export const pause = turn(
  'pause',
  text('暂停一个定义的定时任务，手动的同步照常', 'pause the schedule of a definition; runs by people go on'),
);
export const resume = turn(
  'resume',
  text('恢复一个定义的定时任务', 'let the schedule of a definition go on'),
);
