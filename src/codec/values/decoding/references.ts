import { MalformedValueError } from './byte-reader.js';
import { CyclicValueError } from './decoding-errors.js';

/** The objects of a document, by the number with which later nodes refer to them. */
export class References {
  readonly #values: unknown[] = [];
  /** By the same number: how many values a walk over it visits, including itself; 0 while it is open. */
  readonly #paths: number[] = [];

  get count(): number {
    return this.#values.length;
  }

  /** @returns its number */
  open(value: unknown): number {
    this.#paths.push(0);
    return this.#values.push(value) - 1;
  }

  close(number: number, value: unknown, paths: number): void {
    this.#values[number] = value;
    this.#paths[number] = paths;
  }

  /** Adds an object that contains no others. */
  add(value: unknown): void {
    this.#values.push(value);
    this.#paths.push(1);
  }

  /** @throws MalformedValueError; {@link CyclicValueError} while the object is open */
  pathsOf(number: number): number {
    const paths = this.#paths[number];
    if (paths === undefined) throw new MalformedValueError(`refers to object ${number}, unknown so far`);
    if (paths === 0) throw new CyclicValueError();
    return paths;
  }

  get(number: number): unknown {
    return this.#values[number];
  }
}
