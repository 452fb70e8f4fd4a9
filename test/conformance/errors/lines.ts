/** Errors whose line is another one than Node's, and why. */
export const OTHER_LINES: Readonly<Record<string, string>> = {};

/** Errors without a place, and why. */
export const NO_PLACE: Readonly<Record<string, string>> = {};

/** Errors whose column is outside the expression in which Node sees the fault, and why. */
export const OTHER_EXPRESSIONS: Readonly<Record<string, string>> = {};
