// Loops over bytes stand by themselves, where all that they need is at hand: that makes them several times quicker.

/** Where a text without escapes ends, behind its quote, that begins at `start`, behind its quote; -1 for others. */
export function endOfPlainText(bytes: Uint8Array, start: number, end: number): number {
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) return at + 1;
    if (byte === backslash || byte < blank) return -1;
  }
  return -1;
}

/** Where known bytes end that begin at `start`; -1 where others stand. @param skip so many of them do not stand there */
export function passed(bytes: Uint8Array, start: number, end: number, what: Uint8Array, skip = 0): number {
  const shift = start - skip;
  if (shift + what.length > end) return -1;
  for (let at = skip; at < what.length; at++) if (bytes[shift + at] !== what[at]) return -1;
  return shift + what.length;
}

/** Where a number of at most 15 digits in its shortest form ends: no zeros that could be left out, no exponent; -1 for others. */
export function endOfPlainNumber(bytes: Uint8Array, start: number, end: number): number {
  const whole = bytes[start] === minus ? start + 1 : start;
  let at = endOfDigits(bytes, whole, end);
  let digits = at - whole;
  const beginsWithZero = bytes[whole] === zero;
  if (digits === 0 || (beginsWithZero && digits > 1)) return -1;
  if (at < end && bytes[at] === point) {
    const fraction = at + 1;
    // What begins with zeros may be so small that its shortest form has an exponent.
    if (beginsWithZero && bytes[fraction] === zero) return -1;
    at = endOfDigits(bytes, fraction, end);
    digits += at - fraction;
    if (at === fraction || bytes[at - 1] === zero) return -1;
  } else if (beginsWithZero && whole > start) return -1;
  return digits <= 15 && at < end && (bytes[at] === comma || bytes[at] === braceClose) ? at : -1;
}

function endOfDigits(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte < zero || byte > nine) break;
  }
  return at;
}

/** Copies the bytes from `from` to `to` to the place `at` of the target; answers where they end then. */
export function copied(bytes: Uint8Array, from: number, to: number, target: Uint8Array, at: number): number {
  const shift = at - from;
  for (let i = from; i < to; i++) target[i + shift] = bytes[i] ?? 0;
  return Math.max(from, to) + shift;
}

/** Where a JSON value ends that begins at `start`; -1 when it does not end before `end`. Looks only at brackets and texts. */
export function endOfValue(bytes: Uint8Array, start: number, end: number): number {
  let depth = 0;
  for (let at = start; at < end; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === quote) {
      for (at++; at < end && bytes[at] !== quote; at++) if (bytes[at] === backslash) at++;
      if (at >= end) return -1;
      if (depth === 0) return at + 1;
    } else if (byte === braceOpen || byte === bracketOpen) depth++;
    else if (byte === braceClose || byte === bracketClose) {
      // Ends the object around a number or word.
      if (depth === 0) return at;
      depth--;
      if (depth === 0) return at + 1;
    } else if (byte === comma && depth === 0) return at;
  }
  return -1;
}

const blank = 0x20;
const quote = 0x22;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const zero = 0x30;
const nine = 0x39;
const bracketOpen = 0x5b;
const backslash = 0x5c;
const bracketClose = 0x5d;
const braceOpen = 0x7b;
const braceClose = 0x7d;
