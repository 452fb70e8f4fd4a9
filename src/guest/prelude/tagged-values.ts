import { nullObject } from './intrinsics.js';

/**
 * The engine cannot write a Map, Set or Error. Each is passed as an array that starts with one object, the
 * first item of the whole document, and one of the `…_FORM` numbers of `guest/abi.ts`. No value of a handler
 * can be mistaken for one.
 */
export const marker = nullObject();
