/** One instruction of a Dockerfile, continuation lines joined. */
export interface Step {
  /** `FROM`, `COPY`, `RUN` … */
  readonly word: string;
  readonly rest: string;
}

/** One `FROM` and what follows it. */
export interface Stage {
  readonly image: string;
  readonly name: string | undefined;
  readonly steps: readonly Step[];
}

/** Reads a Dockerfile into its stages. */
export function parseDockerfile(source: string): readonly Stage[] {
  const stages: { image: string; name: string | undefined; steps: Step[] }[] = [];
  const lines = source
    .replaceAll(/^\s*#.*\n/gm, '')
    .replaceAll(/\\\n/g, ' ')
    .split('\n');
  for (const line of lines) {
    const [, word, rest] = /^\s*([A-Za-z]+)\s+(.*?)\s*$/.exec(line) ?? [];
    if (!word || !rest) continue;
    if (word === 'FROM') {
      const [, image = '', name] = /^(\S+)(?:\s+AS\s+(\S+))?$/i.exec(rest) ?? [];
      stages.push({ image, name, steps: [] });
    } else {
      stages.at(-1)?.steps.push({ word, rest });
    }
  }
  return stages;
}
