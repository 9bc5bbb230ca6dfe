const most = 3;

/** The names that somebody may have meant, nearest first; none when nothing is near. */
export function nearest(asked: string, names: readonly string[]): readonly string[] {
  const word = asked.toLowerCase();
  const near = names
    .map((name) => ({ name, far: distance(word, name.toLowerCase()) }))
    .filter(({ far }) => far <= Math.max(2, Math.floor(word.length / 3)));
  return near
    .sort((a, b) => a.far - b.far || a.name.localeCompare(b.name))
    .slice(0, most)
    .map(({ name }) => name);
}

/** Letters to insert, drop or change; 1 when one text holds the other. */
function distance(a: string, b: string): number {
  if (a === b) return 0;
  if (a.length > 2 && (b.includes(a) || a.split(' ').includes(b))) return 1;
  let row = Array.from({ length: b.length + 1 }, (_, at) => at);
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1];
    for (let j = 0; j < b.length; j++) {
      const changed = (row[j] ?? 0) + (letter === b[j] ? 0 : 1);
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? b.length;
}
