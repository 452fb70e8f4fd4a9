/** Views of a WebAssembly memory that stay valid when growth detaches the underlying buffer. */
export class LinearMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;
  #numbers: DataView;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
    this.#numbers = new DataView(memory.buffer);
  }

  /** Do not keep it across a call into wasm. */
  get bytes(): Uint8Array {
    this.#refresh();
    return this.#bytes;
  }

  /** Do not keep it across a call into wasm. */
  get numbers(): DataView {
    this.#refresh();
    return this.#numbers;
  }

  #refresh(): void {
    // perf: a view of a detached buffer is empty; reading the memory's buffer takes longer.
    if (this.#bytes.length > 0) return;
    const { buffer } = this.#memory;
    this.#bytes = new Uint8Array(buffer);
    this.#numbers = new DataView(buffer);
  }
}
