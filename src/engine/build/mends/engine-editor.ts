import { occurrences, splice, type WasmBinary } from '../wasm/binary.js';
import { type Code, wasm } from '../wasm/instructions.js';

/** A text of the engine that is never printed; texts of mends are written over it. */
const SPARE_TEXT = 'QuickJS memory usage -- ';

/** A place that a mend looks for does not exist, or cannot be identified uniquely. */
export class PatternError extends Error {}

/** Changes the engine by patterns of code, which must occur exactly the given number of times. */
export class EngineEditor {
  readonly #binary: WasmBinary;
  #nextText: { readonly address: number; readonly end: number } | undefined;

  constructor(binary: WasmBinary) {
    this.#binary = binary;
  }

  /** @throws PatternError unless `from` occurs `times` times in one function and nowhere else */
  replace(from: readonly Code[], to: readonly Code[], times = 1): void {
    const pattern = bytesOf(from);
    const index = this.#findFunction(pattern, times);
    let body = this.#binary.functionBody(index);
    for (const at of occurrences(body, pattern).reverse()) body = splice(body, at, pattern.length, bytesOf(to));
    this.#binary.setFunctionBody(index, body);
  }

  insertBefore(place: readonly Code[], added: readonly Code[]): void {
    this.replace(place, [...added, ...place]);
  }

  insertAfter(place: readonly Code[], added: readonly Code[]): void {
    this.replace(place, [...place, ...added]);
  }

  /**
   * Replaces the function that contains `place`.
   *
   * @param wrapper returns the new locals and code, which may call the original by the given index
   */
  wrap(place: readonly Code[], wrapper: (original: number) => readonly Code[]): void {
    const index = this.#findFunction(bytesOf(place), 1);
    const original = this.#binary.appendFunction(this.#binary.functionType(index), this.#binary.functionBody(index));
    this.#binary.setFunctionBody(index, bytesOf([...wrapper(original), wasm.end]));
  }

  /**
   * Copies the function that contains `place`, with `from` replaced by `to`.
   *
   * @returns its index
   */
  copy(place: readonly Code[], from: readonly Code[], to: readonly Code[], times: number): number {
    const index = this.#findFunction(bytesOf(place), undefined);
    const pattern = bytesOf(from);
    let body = this.#binary.functionBody(index);
    const found = occurrences(body, pattern);
    if (found.length !== times) throw new PatternError(`${found.length} places instead of ${times}`);
    for (const at of found.reverse()) body = splice(body, at, pattern.length, bytesOf(to));
    return this.#binary.appendFunction(this.#binary.functionType(index), body);
  }

  /**
   * @param code locals first, as a vector of groups
   * @returns the index of the function
   */
  append(parameters: readonly number[], results: readonly number[], code: readonly Code[]): number {
    const type = this.#binary.typeOf(parameters, results);
    if (type === undefined) throw new PatternError('the engine has no function of that type');
    return this.#binary.appendFunction(type, bytesOf([...code, wasm.end]));
  }

  /** @returns the index of a variable of type i32, initially 0 */
  addGlobal(): number {
    return this.#binary.appendGlobalI32(0);
  }

  export(name: string, index: number): void {
    this.#binary.exportFunction(name, index);
  }

  /**
   * Adds a zero-terminated text to the engine's memory.
   *
   * @returns its address
   */
  addText(text: string): number {
    const { address, end } = this.#nextText ?? this.#findSpareText();
    const bytes = Buffer.from(`${text}\0`, 'latin1');
    if (address + bytes.length > end) throw new PatternError('there is no room for another text');
    this.#binary.writeData(address, bytes);
    this.#nextText = { address: address + bytes.length, end };
    return address;
  }

  #findSpareText(): { address: number; end: number } {
    const found = this.#binary.findData(Buffer.from(SPARE_TEXT, 'latin1'));
    const [first, ...others] = found;
    if (first === undefined || others.length > 0) throw new PatternError(`${found.length} spare texts instead of 1`);
    return { address: first.address, end: first.address + first.bytes.indexOf(0) };
  }

  #findFunction(pattern: Uint8Array, times: number | undefined): number {
    const found = this.#binary.functionsWith(pattern);
    const [index] = found;
    const isOne = index !== undefined && found.every((other) => other === index);
    if (isOne && (times === undefined || found.length === times)) return index;
    throw new PatternError(`the code occurs ${found.length} times instead of ${times ?? 'in one function'}`);
  }
}

function bytesOf(code: readonly Code[]): Uint8Array {
  return Uint8Array.from(code.flat());
}
