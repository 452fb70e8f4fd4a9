/** The additional size of values that take longer to encode than their size suggests. */
export const EXTRA_BYTES = { object: 14, name: 48, bigInt: 6, bytes: 32, form: 48, error: 112 } as const;
/** The number of values between two checks of the clock. */
export const VALUES_PER_LOOK = 256;
export const WORK_PER_FORM = 16;
/** The number of bytes that take as long as a value. */
export const BYTES_PER_WORK = 64;
