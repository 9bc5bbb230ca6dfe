/**
 * The shortest decimal text of a finite number: what `String` gives, several times quicker for what tables are full
 * of. Whole numbers beyond 32 bits (milliseconds, say) and amounts with two digits after the point are put together
 * from small whole numbers, whose texts the engine has at hand.
 */
export function decimalText(value: number): string {
  const size = Math.abs(value);
  const sign = value < 0 ? '-' : '';
  if (Number.isInteger(value)) {
    if (size < small || size >= large) return String(value);
    const upper = Math.floor(size / million);
    // The leading 1 keeps the zeros after it.
    return sign + String(upper) + String(million + (size - upper * million)).slice(1);
  }
  const cents = Math.round(size * 100);
  // The nearest number to these two digits is the number itself: then no shorter text can mean it.
  if (cents >= small || cents / 100 !== size) return String(value);
  const whole = Math.floor(cents / 100);
  const rest = cents - whole * 100;
  return `${sign}${whole}.${rest % 10 === 0 ? rest / 10 : rest < 10 ? `0${rest}` : rest}`;
}

const small = 2 ** 30;
const million = 1_000_000;
const large = 1e15;

/**
 * The canonical number in a plain decimal text: the text without the zeros that end its fraction. Undefined where that
 * takes a closer look: other spellings, zeros in front, small fractions, and more digits than every number keeps.
 *
 * Up to 15 digits come back from a number as they went in, so there is no number to be made of them and printed again.
 */
export function plainDecimal(text: string): string | undefined {
  const start = text.charCodeAt(0) === minus ? 1 : 0;
  const point = endOfDigits(text, start);
  const whole = point - start;
  if (whole === 0 || whole > keptDigits) return undefined;
  const isZero = text.charCodeAt(start) === zero;
  // A zero has no sign, and no other digit behind it.
  if (isZero && (whole > 1 || start > 0)) return undefined;
  if (point === text.length) return text;
  if (text.charCodeAt(point) !== dot) return undefined;
  let end = endOfDigits(text, point + 1);
  if (end < text.length || end === point + 1) return undefined;
  while (text.charCodeAt(end - 1) === zero) end--;
  if (end === point + 1) return text.slice(0, point);
  // What begins with zeros may be so small that it is written with an exponent.
  if (isZero && text.charCodeAt(point + 1) === zero) return undefined;
  return whole + end - point - 1 <= keptDigits ? text.slice(0, end) : undefined;
}

/** The digits without the zeros at their end. */
export function withoutEndingZeros(digits: string): string {
  let end = digits.length;
  while (digits.charCodeAt(end - 1) === zero) end--;
  return digits.slice(0, end);
}

function endOfDigits(text: string, start: number): number {
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < zero || code > nine) return at;
  }
  return text.length;
}

const keptDigits = 15;
const minus = 0x2d;
const dot = 0x2e;
const zero = 0x30;
const nine = 0x39;
