import { MalformedValueError } from './byte-reader.js';

/** An object that contains itself: well-formed for the engine, but not a valid value of the contract. */
export class CyclicValueError extends MalformedValueError {
  constructor() {
    super('refers back to an object that contains it (a cycle)');
  }
}

/** Objects occur so often in a value that walking it would never end. */
export class TooManyPathsError extends MalformedValueError {
  readonly maxPaths: number;
  readonly paths: number;

  constructor(maxPaths: number, paths: number) {
    super(
      `holds objects that occur in it again and again: to walk over it meets ${paths} values more than it has, and maxResultPaths is ${maxPaths}; copy less of it`,
    );
    this.maxPaths = maxPaths;
    this.paths = paths;
  }
}
