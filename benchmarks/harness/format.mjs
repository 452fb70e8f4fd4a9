// Formats figures. Each function accepts undefined for a missing figure.
const optional = (write) => (value) => (value === undefined ? '' : write(value));
const grouped = (value) => Math.round(value).toLocaleString('en');

export const us = optional((value) => `${value < 100 ? value.toFixed(1) : value.toFixed(0)} µs`);
export const ms = optional((value) => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`);
export const rate = optional((perSecond) => `${grouped(perSecond)}/s`);
export const percent = optional((share) => `${Math.round(share * 100)} %`);
export const count = optional(grouped);
export const text = optional(String);

/** @param value a factor */
export const ratio = optional((value) => `${value < 10 ? value.toFixed(2) : grouped(value)}×`);

/** One figure divided by another. */
export const times = (value, one) => ratio(value / one);

/** Microseconds, or a more readable unit for long times. */
export const time = optional((valueUs) => (valueUs < 10_000 ? us(valueUs) : ms(valueUs / 1000)));

export const bytes = optional((value) => {
  if (value < 1024) return `${Math.round(value)} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${(value / 1024 / 1024).toFixed(1)} MiB`;
});

/** By the names that table columns use. */
export const FORMATS = { us, ms, rate, percent, count, text, ratio, time, bytes };
