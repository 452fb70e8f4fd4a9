// The outcome of a program as a text that is the same in every environment.

/** @param {unknown} value */
export function valueText(value) {
  return `= ${JSON.stringify(value, (_key, item) => plain(item))}`;
}

function plain(item) {
  if (typeof item === 'bigint') return `${item}n`;
  if (item === undefined) return 'undefined';
  if (typeof item === 'number' && (!Number.isFinite(item) || Object.is(item, -0))) {
    return Object.is(item, -0) ? '-0' : String(item);
  }
  return item;
}

/** @param {string} name of what was thrown */
export function errorText(name) {
  return `! ${name}`;
}
