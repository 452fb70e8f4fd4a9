import type { MemoryLayout } from '../binary-interface.js';
import { LinearMemory } from '../linear-memory.js';
import type { WaterMarks } from '../quickjs-module.js';

/**
 * Linear memory, and how much of it the engine has used. The marks are kept by the engine in a place that nothing in linear memory leads
 * to.
 */
export class MarkedMemory extends LinearMemory {
  readonly layout: MemoryLayout;
  readonly #marks: WaterMarks;

  constructor(memory: WebAssembly.Memory, layout: MemoryLayout, marks: WaterMarks) {
    super(memory);
    this.layout = layout;
    this.#marks = marks;
  }

  /** End of what the heap has used since the last {@link resetMarks}, in bytes. */
  get heapEnd(): number {
    const { heapBase } = this.layout;
    return Math.min(Math.max(heapBase, this.#marks.heapHigh.value >>> 0), this.bytes.length);
  }

  /** The same for the stack: nothing below it was written. */
  get stackLow(): number {
    const { dataEnd, heapBase, stackSlackBytes } = this.layout;
    return Math.min(Math.max(dataEnd, (this.#marks.stackLow.value >>> 0) - stackSlackBytes), heapBase);
  }

  /** The stack is clean, and the heap is used up to `heapEnd`. */
  resetMarks(heapEnd: number): void {
    this.#marks.stackLow.value = this.layout.heapBase;
    this.#marks.heapHigh.value = heapEnd;
  }
}
