/** What a value counts beyond its bytes: some take longer to encode than their bytes say. */
export const EXTRA_BYTES = { object: 14, name: 48, bigInt: 6, bytes: 32, form: 48, error: 112 } as const;
/** Work between two looks at the clock, in values. */
export const VALUES_PER_LOOK = 256;
export const WORK_PER_FORM = 16;
/** Bytes that take as long as a value. */
export const BYTES_PER_WORK = 64;
