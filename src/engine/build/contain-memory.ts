import { MAX_STACK_SIZE_BYTES, MIN_MEMORY_LIMIT_BYTES } from '../../config/limits.js';
import { type MemoryLayout, STACK_MARGIN_BYTES, WASM_PAGE_BYTES } from '../binary-interface.js';
import type { EngineTable } from '../known-engines.js';
import { WasmBinary } from './wasm/binary.js';
import { moveHeap } from './wasm/move-heap.js';
import { makeStackChecksSigned } from './wasm/stack-checks.js';
import { addWaterMarks } from './wasm/water-marks.js';

/** Initial memory in pages: static data, stack, an image with all features, and half a megabyte for a handler. */
const MEMORY_PAGES = MIN_MEMORY_LIMIT_BYTES / WASM_PAGE_BYTES;
/** The alignment of the engine's stack. */
const ALIGNMENT_BYTES = 16;
const STACK_POINTER_GLOBAL = 0;

/**
 * Reduces the engine's memory to what our limits allow, and adds marks of the used parts. Upstream has 5 MiB
 * of stack in 16 MiB of memory, all of which would have to be wiped between tenants.
 *
 * @throws Error if the binary does not have the shape that the table describes
 */
export function containMemory(
  wasm: Uint8Array,
  table: EngineTable,
): { wasm: Uint8Array<ArrayBuffer>; layout: MemoryLayout } {
  const dataEnd = table.heapBase - table.stackBytes;
  const stackBytes = MAX_STACK_SIZE_BYTES + STACK_MARGIN_BYTES;
  const heapBase = Math.ceil((dataEnd + stackBytes) / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
  const { breakPointerAddress } = table;
  const places = { breakPointerAddress, stackPointerGlobal: STACK_POINTER_GLOBAL };
  const binary = new WasmBinary(wasm);
  moveHeap(binary, {
    ...places,
    from: table.heapBase,
    to: heapBase,
    stackBytes: { from: table.stackBytes, to: heapBase - dataEnd },
    pages: { from: table.memoryPages, to: MEMORY_PAGES },
  });
  makeStackChecksSigned(binary, table.stackLimit);
  const stackSlackBytes = addWaterMarks(binary, { ...places, heapBase });
  return { wasm: binary.encode(), layout: { dataEnd, heapBase, stackSlackBytes } };
}
