/** Names that are offered at most. */
const most = 3;

/**
 * The names that somebody may have meant by a word: those nearest to it; none when nothing is near. Case, blanks at the
 * ends and full-width forms make no difference.
 */
export function nearest(word: string, names: readonly string[]): readonly string[] {
  const asked = folded(word);
  const limit = Math.max(2, Math.floor(asked.length / 3));
  const near = names
    .map((name) => ({ name, far: distance(asked, folded(name)) }))
    .filter(({ far, name }) => far <= limit && far < Math.max(asked.length, name.length));
  const least = Math.min(...near.map(({ far }) => far));
  return near
    .filter(({ far }) => far === least)
    .map(({ name }) => name)
    .sort((a, b) => a.localeCompare(b))
    .slice(0, most);
}

const folded = (name: string): string => name.normalize('NFKC').trim().toLowerCase();

/** How far two names are apart; 1 when one holds the other. */
const distance = (a: string, b: string): number =>
  a !== b && Math.min(a.length, b.length) > 2 && (a.includes(b) || b.includes(a)) ? 1 : edits(a, b);

/** Counts the letters to insert, drop, change or swap with the next one that make one text of the other. */
export function edits(a: string, b: string): number {
  if (a === b) return 0;
  // No name is so long, and the work grows with the square.
  if (a.length > 200) return Number.POSITIVE_INFINITY;
  if (Math.abs(a.length - b.length) > 20) return Number.POSITIVE_INFINITY;
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let far = Math.min((row[j - 1] ?? 0) + (same ? 0 : 1), (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        far = Math.min(far, (before[j - 2] ?? 0) + 1);
      }
      next.push(far);
    }
    before = row;
    row = next;
  }
  return row.at(-1) ?? b.length;
}
