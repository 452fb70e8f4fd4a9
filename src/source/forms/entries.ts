/** The name under which the default export is an entry point, and a handler that is a function. */
export const DEFAULT_ENTRY = 'default';
/** More are in no module that a person wrote; each is in the header of the artifact. */
export const MAX_ENTRIES = 1_000;
export const MAX_ENTRY_CHARACTERS = 256;
