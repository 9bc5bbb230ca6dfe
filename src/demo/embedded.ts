import { DatabaseSync } from '@photostructure/sqlite';
import type { Locale } from '../sync/words/text.ts';
import { shopRows, shopTables } from './shop.ts';

/** Makes the sample shop as an SQLite file with so many orders. */
export function embeddedShop(path: string, orders: number, locale: Locale): void {
  const driver = new DatabaseSync(path);
  try {
    driver.exec('begin');
    for (const statement of shopTables('sqlite')) driver.exec(statement);
    for (const statement of shopRows(orders, locale)) driver.exec(statement);
    driver.exec('commit');
  } finally {
    driver.close();
  }
}
