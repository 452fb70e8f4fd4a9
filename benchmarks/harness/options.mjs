// What a benchmark was started with.
import { parseArgs } from 'node:util';

const { values, positionals } = parseArgs({
  options: { short: { type: 'boolean', default: false } },
  allowPositionals: true,
});

/** Quickly: whether it works, and whether ratios are anywhere near; no figures to publish. */
export const isShort = values.short;
export { positionals };
