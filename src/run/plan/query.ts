import type { Definition } from '../../sync/definition/definition.ts';
import type { Query } from '../ports.ts';

/** A definition's query as its source takes it. @param timeZone the program's, for definitions that name none */
export const queryOf = (
  { source, timeZone: own }: Pick<Definition, 'source' | 'timeZone'>,
  timeZone: string,
): Query => ({
  sql: source.query,
  at: source.at ?? 'source.query',
  timeout: source.timeout * 1000,
  timeZone: own ?? timeZone,
  ...(source.cut === 'keep' ? { keepCut: true } : {}),
});
