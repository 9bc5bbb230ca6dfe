import { systemClock } from '../../src/process.ts';
import { mysqlSource } from '../../src/source/mysql/mysql.ts';
import { testDatabase } from '../support/mysql.ts';
import { type Bench, describeSource, slowQuery } from './contract.ts';

async function open(): Promise<Bench> {
  const database = await testDatabase();
  const source = mysqlSource(database.url, { where: 'CONNECTION_SHOP', clock: systemClock });
  return {
    source,
    slow: slowQuery(400),
    async run(sql, values = []) {
      await database.query(sql, [...values]);
    },
    async close() {
      await source.stop();
      await database.drop();
    },
  };
}

describeSource('a MySQL source', open);
