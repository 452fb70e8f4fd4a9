/**
 * Stands in a document for a value that was left out. It is written as a reference to the marker, which no value
 * of a caller can be.
 */
export const LEFT_OUT: object = Object.freeze({});
