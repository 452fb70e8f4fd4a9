/** The file name of the prelude in guest stacks. */
export const PRELUDE_FILENAME = 'nexus:prelude';
