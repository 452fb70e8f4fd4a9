/** Raise it whenever the same script would get another form: what is compiled depends on it. */
export const LOWERING_VERSION = 2;
