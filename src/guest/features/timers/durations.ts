/** Milliseconds of the units of a duration. */
const UNITS: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};
const { hasOwn } = Object;
const NumberFunction = Number;
const StringFunction = String;
const TypeErrorConstructor = TypeError;
const { isNaN: isNotANumber } = Number;
const { charCodeAt, slice } = String.prototype;
const { apply } = Reflect;

const ZERO = 48;
const NINE = 57;
const DOT = 46;

/** The milliseconds of a text such as `3d` or `1.5h`; undefined if it is none. */
export function parseDuration(text: string): number | undefined {
  let at = 0;
  while (at < text.length && isOfNumber(apply(charCodeAt, text, [at]))) at++;
  if (at === 0) return undefined;
  const amount = NumberFunction(apply(slice, text, [0, at]));
  if (apply(charCodeAt, text, [at]) === 32) at++;
  const unit = apply(slice, text, [at]) as string;
  return hasOwn(UNITS, unit) && !isNotANumber(amount) ? amount * (UNITS[unit] as number) : undefined;
}

function isOfNumber(code: number): boolean {
  return (code >= ZERO && code <= NINE) || code === DOT;
}

/** @throws TypeError naming the function that was given it */
export function millisecondsOf(name: string, duration: unknown): number {
  const ms = typeof duration === 'string' ? parseDuration(duration) : duration;
  if (typeof ms === 'number' && !isNotANumber(ms)) return ms;
  throw new TypeErrorConstructor(
    name + ' takes milliseconds, or a text such as "90s", "15m", "12h" or "3d"; this is ' + shown(duration),
  );
}

export function shown(value: unknown): string {
  if (typeof value === 'string') return '"' + value + '"';
  return typeof value === 'object' && value !== null ? 'an object' : StringFunction(value);
}
