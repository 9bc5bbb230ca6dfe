import { storeContract } from './contract.ts';
import { ownershipContract } from './ownership.ts';
import { sqlitePlace } from './places.ts';

storeContract('SQLite', sqlitePlace);
ownershipContract('SQLite', sqlitePlace);
