// The options of a benchmark.
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** Whether only to check that it works and that ratios are plausible, without figures to publish. */
export const isShort = values.short;
export { positionals };
