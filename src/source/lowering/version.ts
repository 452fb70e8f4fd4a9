/** Compiled code depends on it: raise it whenever the same script would be rewritten differently. */
export const LOWERING_VERSION = 2;
