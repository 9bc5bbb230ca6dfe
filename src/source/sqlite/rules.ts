/**
 * The functions that a query may call, in lower case; all others are refused, also those that the driver may learn one
 * day. None of them reaches files, other connections or the process, and the limits below hold what they make small.
 * https://www.sqlite.org/lang_corefunc.html
 */
export const allowedFunctions: ReadonlySet<string> = new Set(
  [
    '-> ->> abs acos acosh asin asinh atan atan2 atanh avg ceil ceiling char coalesce concat concat_ws cos cosh count',
    'cume_dist current_date current_time current_timestamp date datetime degrees dense_rank exp first_value floor format',
    'glob group_concat hex if ifnull iif instr json json_array json_array_insert json_array_length json_error_position',
    'json_extract json_group_array json_group_object json_insert json_object json_patch json_pretty json_quote json_remove',
    'json_replace json_set json_type json_valid jsonb jsonb_array jsonb_array_insert jsonb_extract jsonb_group_array',
    'jsonb_group_object jsonb_insert jsonb_object jsonb_patch jsonb_remove jsonb_replace jsonb_set julianday lag last_value',
    'lead length like likelihood likely ln log log10 log2 lower ltrim max median min mod nth_value ntile nullif',
    'octet_length percent_rank percentile percentile_cont percentile_disc pi pow power printf quote radians random',
    'randomblob rank replace round row_number rtrim sign sin sinh soundex sqlite_version sqrt strftime string_agg substr',
    'substring subtype sum tan tanh time timediff total trim trunc typeof unhex unicode unistr unistr_quote unixepoch',
    'unlikely upper zeroblob',
  ].flatMap((line) => line.split(' ')),
);

/** What a statement may be made of and come to; SQLite's own limits are meant for a whole machine. https://www.sqlite.org/limits.html */
export const limits = { length: 32 * 1024 * 1024, sqlLength: 1_000_000, attach: 0, triggerDepth: 0 };

/** The codes with which SQLite asks whether something may be done. https://www.sqlite.org/c3ref/c_alter_table.html */
const actions = { insert: 18, read: 20, select: 21, function: 31, recursive: 33 };

/** What a statement was refused for. */
export interface Refusal {
  readonly kind: 'function' | 'table' | 'statement';
  readonly name: string;
}

/** What is known of the file beforehand. */
interface Judging {
  /** In lower case: tables whose content a module makes up. */
  readonly virtual: ReadonlySet<string>;
  /** The one table that a statement may fill. */
  readonly answer: string;
}

/**
 * Judges what SQLite asks while it prepares a statement: reading ordinary tables and calling known functions is all
 * that a query may do. Tables of modules are out, for what they do is code over whatever the file holds.
 * @returns undefined for what is allowed. https://www.sqlite.org/c3ref/set_authorizer.html
 */
export function refusal(
  { virtual, answer }: Judging,
  action: number,
  [first, second, schema]: readonly (string | null)[],
): Refusal | undefined {
  const table = first ?? '';
  switch (action) {
    case actions.select:
    case actions.recursive:
      return undefined;
    case actions.function: {
      const name = second ?? '';
      return allowedFunctions.has(name.toLowerCase()) ? undefined : { kind: 'function', name };
    }
    case actions.read: {
      const name = table.toLowerCase();
      return virtual.has(name) || name.startsWith('pragma_') ? { kind: 'table', name: table } : undefined;
    }
    case actions.insert:
      return table === answer && schema === 'temp' ? undefined : { kind: 'table', name: table };
    default:
      return { kind: 'statement', name: String(action) };
  }
}
