const INTEGER = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });

/** 1,234 or 12.3k or 4.5M: at most five characters or so. */
export function count(value: number): string {
  if (value < 10 && !Number.isInteger(value)) return value.toFixed(1);
  if (value < 10_000) return INTEGER.format(value);
  if (value < 999_500) return `${digits(value / 1e3)}k`;
  if (value < 999_500_000) return `${digits(value / 1e6)}M`;
  return `${digits(value / 1e9)}G`;
}

export function whole(value: number): string {
  return INTEGER.format(value);
}

/** `12 µs`, `3.4 ms`, `1.2 s`, `3 min`, `2 h`, `5 d`. */
export function duration(ms: number): string {
  if (ms < 1) return `${digits(ms * 1000)} µs`;
  if (ms < 1000) return `${digits(ms)} ms`;
  if (ms < 60_000) return `${digits(ms / 1000)} s`;
  if (ms < 3_600_000) return `${digits(ms / 60_000)} min`;
  if (ms < 86_400_000) return `${digits(ms / 3_600_000)} h`;
  return `${digits(ms / 86_400_000)} d`;
}

export function bytes(value: number): string {
  if (value < 1024) return `${INTEGER.format(value)} B`;
  if (value < 1024 ** 2) return `${digits(value / 1024)} KiB`;
  if (value < 1024 ** 3) return `${digits(value / 1024 ** 2)} MiB`;
  return `${digits(value / 1024 ** 3)} GiB`;
}

export function percent(fraction: number): string {
  return `${digits(fraction * 100)}%`;
}

/** `14:03:27` of today, with the date of another day. */
export function time(at: number | string): string {
  const date = new Date(at);
  const clock = date.toLocaleTimeString('en-GB');
  return date.toDateString() === new Date().toDateString() ? clock : `${date.toISOString().slice(0, 10)} ${clock}`;
}

/** `in 3 min`, `2 h ago`. */
export function relative(at: number | string, now = Date.now()): string {
  const ms = new Date(at).getTime() - now;
  return ms >= 0 ? `in ${duration(ms)}` : `${duration(-ms)} ago`;
}

/** A value as JSON text, for people. */
export function json(value: unknown): string {
  return value === undefined ? 'undefined' : JSON.stringify(value, undefined, 2);
}

/** A text cut to at most so many characters. */
export function cut(value: string, most: number): string {
  return value.length <= most ? value : `${value.slice(0, most - 1)}…`;
}

function digits(value: number): string {
  return value < 10 ? value.toFixed(1).replace(/\.0$/, '') : INTEGER.format(value);
}
