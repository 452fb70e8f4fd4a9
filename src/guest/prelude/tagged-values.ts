import { nullObject } from './intrinsics.js';

/**
 * The engine writes no Map, Set or Error. Each crosses as an array that begins with one object, the first item of the whole
 * document, and one of the `…_FORM` numbers of `guest/abi.ts`: nothing that a handler makes can be taken for one.
 */
export const marker = nullObject();
