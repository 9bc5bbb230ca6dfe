import Database from 'libsql';
import { shopRows, shopTables } from './shop.ts';

/** What we use of the driver, whose own types say nothing. */
interface Driver {
  exec(sql: string): void;
  close(): void;
}

/** Makes the sample shop as an SQLite file with so many orders. */
export function embeddedShop(path: string, orders: number): void {
  const driver = new Database(path, {}) as Driver;
  try {
    driver.exec('begin');
    for (const statement of shopTables('sqlite')) driver.exec(statement);
    for (const statement of shopRows(orders)) driver.exec(statement);
    driver.exec('commit');
  } finally {
    driver.close();
  }
}
