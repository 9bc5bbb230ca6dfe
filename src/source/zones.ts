const day = 86_400_000;
const until = Date.UTC(2101, 0, 1);

/**
 * The offset of a zone that has had only one since a year and has only one until 2100, such as `+08:00`.
 *
 * Stands in for the zone's name on servers without zone tables. Costs some 20 ms: keep the answer.
 * @returns undefined when the offset changes in that time, as with daylight saving time
 * @throws RangeError when the name is unknown to this Node
 */
export function fixedOffset(timeZone: string, sinceYear: number): string | undefined {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  const offsetAt = (instant: number): string | undefined => / GMT(.*)$/.exec(format.format(instant))?.[1];
  const first = offsetAt(Date.UTC(sinceYear, 0, 1));
  // No zone has gone back after less than four weeks: the shortest such times are Morocco's months of Ramadan.
  for (let instant = Date.UTC(sinceYear, 0, 29); instant < until; instant += 28 * day) {
    if (offsetAt(instant) !== first) return undefined;
  }
  return first === '' ? '+00:00' : first;
}
