import { nullObject } from './intrinsics.js';

/**
 * The engine writes no Map, Set or Error. Each crosses as an array that begins with one object, the first item of the whole
 * document, and a number that says what it is: nothing that a handler makes can be taken for one.
 */
export const marker = nullObject();
/** `[marker, 0, key, value, key, value, …]` */
export const MAP_FORM = 0;
/** `[marker, 1, item, item, …]` */
export const SET_FORM = 1;
/** `[marker, 2, name, message, stack, fields]`; the stack is empty for an error that came from the host. */
export const ERROR_FORM = 2;
