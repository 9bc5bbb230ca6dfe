/** Thrown when a lease was lost: whoever holds the table now goes on. */
export class Fenced extends Error {
  constructor(table: string) {
    super(`the lease on ${table} was taken over`);
    this.name = 'Fenced';
  }
}
