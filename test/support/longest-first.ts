import { relative } from 'node:path';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** What starts processes, builds or plays long stories; the later in the list, the shorter. */
const long = [
  'soak/',
  'docker.test.ts',
  'demo/',
  'e2e/',
  'page/',
  'source/',
  'cli/',
  'run/',
  'store/',
  'cards/',
];

/** Starts the long files first, so that no worker is left alone with one of them at the end. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId, project }: TestSpecification): number => {
      const name = relative(`${project.config.root}/test`, moduleId);
      const at = long.findIndex((start) => name.startsWith(start));
      return at < 0 ? long.length : at;
    };
    return [...files].sort((a, b) => rank(a) - rank(b));
  }
}
