/** The zones that a private server knows. Others are left out on purpose: tests show what happens with those. */
export const knownZones = [
  'UTC',
  'Asia/Kolkata',
  'Asia/Shanghai',
  'Asia/Singapore',
  'Asia/Tokyo',
  'Australia/Lord_Howe',
  'America/Los_Angeles',
  'America/New_York',
  'America/Sao_Paulo',
  'Europe/Berlin',
  'Europe/London',
] as const;

const week = 7 * 86_400;
const end = Date.UTC(2038, 0, 1) / 1000;

/**
 * The statements that teach a MySQL server these zones from 1970 to 2037, taken from what Node knows of them.
 * They are made here because neither the system's zone files nor the server's tool for them are everywhere.
 */
export function zoneStatements(zones: readonly string[] = knownZones): string[] {
  return zones.flatMap((zone, i) => {
    const id = 1000 + i;
    const changes = changesOf(zone);
    const offsets = [...new Set(changes.map((change) => change.offset))];
    const least = Math.min(...offsets);
    return [
      `insert into mysql.time_zone (Time_zone_id, Use_leap_seconds) values (${id}, 'N')`,
      `insert into mysql.time_zone_name (Name, Time_zone_id) values ('${zone}', ${id})`,
      `insert into mysql.time_zone_transition_type (Time_zone_id, Transition_type_id, \`Offset\`, Is_DST, Abbreviation) values ${offsets
        .map((offset, type) => `(${id}, ${type}, ${offset}, ${offset > least ? 1 : 0}, '')`)
        .join(', ')}`,
      `insert into mysql.time_zone_transition (Time_zone_id, Transition_time, Transition_type_id) values ${changes
        .map((change) => `(${id}, ${change.at}, ${offsets.indexOf(change.offset)})`)
        .join(', ')}`,
    ];
  });
}

/** From which second on which offset (in seconds) counts. */
function changesOf(zone: string): { at: number; offset: number }[] {
  const format = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' });
  const offsetAt = (second: number): number => {
    const shown = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(format.format(second * 1000));
    const [, sign, hours, minutes, seconds] = shown ?? [];
    const size = Number(hours ?? 0) * 3600 + Number(minutes ?? 0) * 60 + Number(seconds ?? 0);
    return sign === '-' ? -size : size;
  };
  const found = [{ at: 0, offset: offsetAt(0) }];
  let last = offsetAt(0);
  for (let from = 0; from < end; from += week) {
    const offset = offsetAt(from + week);
    if (offset === last) continue;
    let [before, after] = [from, from + week];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (offsetAt(middle) === last) before = middle;
      else after = middle;
    }
    found.push({ at: after, offset });
    last = offset;
  }
  return found;
}
