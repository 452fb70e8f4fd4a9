/** File name of the prelude in guest stacks. No handler may have it in its name. */
export { RESERVED_FILENAME as PRELUDE_FILENAME } from '../source/source-check.js';
