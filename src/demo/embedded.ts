import { DatabaseSync } from '@photostructure/sqlite';
import type { Locale } from '../sync/words/text.ts';
import { type ShopChange, shopChange, shopRows, shopTables } from './shop.ts';

/** Makes the sample shop as an SQLite file with so many orders; returns what changes it, a round each time it is called. */
export function embeddedShop(path: string, orders: number, locale: Locale): () => ShopChange {
  execute(path, [...shopTables('sqlite'), ...shopRows(orders, locale)]);
  let round = 0;
  return () => {
    const change = shopChange(orders, round);
    execute(path, change.statements);
    round += 1;
    return change;
  };
}

/** Carries out all statements or none. */
function execute(path: string, statements: readonly string[]): void {
  const driver = new DatabaseSync(path);
  try {
    driver.exec('begin');
    for (const statement of statements) driver.exec(statement);
    driver.exec('commit');
  } finally {
    driver.close();
  }
}
