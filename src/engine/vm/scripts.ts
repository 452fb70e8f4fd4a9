import { PlaceTable } from '../binary-interface.js';
import { bytesAt, NO_BYTES, type ValuePointer } from '../pointers.js';
import { type EngineAccess, KEPT_BYTES, VALUE_BYTES } from './engine-access.js';
import { VmPoisonedError } from './vm-errors.js';

/**
 * Memory of a VM in which images are built. What it is more than others' holds bytecode while that is read, at the same place in every
 * VM: the address remains in the image.
 */
export const BUILDER_MEMORY_BYTES = 16 * 1024 * 1024;

const COMPILE_ONLY = 1 << 5;
/** Heap that loaded bytecode takes at most, in multiples of its size. */
const LOADED_PER_BYTECODE = 64;

/** Scripts of one VM: from text to a compiled function, to bytecode, and back to a value. */
export class Scripts {
  readonly #engine: EngineAccess;

  constructor(engine: EngineAccess) {
    this.#engine = engine;
  }

  /** @throws GuestException with a SyntaxError */
  compile(source: string, filename: string, isHidden: boolean): ValuePointer {
    const engine = this.#engine;
    const bytes = Buffer.from(source, 'utf8');
    const text = engine.allocate(bytes.length + 1);
    engine.memory.bytes.set(bytes, text);
    engine.memory.bytes[text + bytes.length] = 0;
    engine.functions.hideFunctions?.(isHidden ? 1 : 0);
    const compiled = engine.enter(() =>
      engine.functions.QTS_Eval(engine.context, text, bytes.length, filename, 0, COMPILE_ONLY),
    );
    engine.enter(() => engine.functions.free(text));
    return engine.checked(compiled);
  }

  write(compiled: ValuePointer): Uint8Array {
    const engine = this.#engine;
    const buffer = engine.enterChecked(() => engine.functions.writeBytecode(engine.context, compiled));
    const bytes = engine.takeBytes(buffer);
    if (bytes.length <= KEPT_BYTES) engine.release(buffer);
    return bytes;
  }

  usePlaces(table: Uint8Array, text: Uint8Array): void {
    const { memory, functions } = this.#engine;
    const start = this.#engine.allocate(table.length + text.length);
    memory.bytes.set(table, start);
    memory.bytes.set(text, start + table.length);
    for (const field of [PlaceTable.position, PlaceTable.textStart]) {
      memory.numbers.setUint32(start + field, start + table.length, true);
    }
    functions.usePlaces?.(start);
  }

  useOwnPlaces(): void {
    this.#engine.functions.usePlaces?.(NO_BYTES);
  }

  /** Evaluates bytecode where it does not lie in the heap meanwhile, if there is room for it elsewhere. */
  evaluateBeyondHeap(bytecode: Uint8Array): ValuePointer | undefined {
    const engine = this.#engine;
    const { memory } = engine;
    // The same place in every VM: it remains in the image.
    const start = bytesAt(Math.floor((BUILDER_MEMORY_BYTES - bytecode.length) / VALUE_BYTES) * VALUE_BYTES);
    const hasRoom = memory.bytes.length >= BUILDER_MEMORY_BYTES;
    if (!hasRoom || start - memory.heapEnd < bytecode.length * LOADED_PER_BYTECODE) return undefined;
    memory.bytes.set(bytecode, start);
    let fn: ValuePointer;
    try {
      // Never freed, as its bytes are not the allocator's.
      const buffer = engine.newArrayBuffer(start, bytecode.length);
      fn = engine.enterChecked(() => engine.functions.readBytecode(engine.context, buffer));
    } finally {
      // The marks know nothing of it.
      if (memory.heapEnd <= start) memory.bytes.fill(0, start, start + bytecode.length);
    }
    if (memory.heapEnd > start) throw new VmPoisonedError('bytecode was overwritten while it was read');
    return this.evaluate(fn);
  }

  /** @param fn consumed: its cell then holds the result */
  evaluate(fn: ValuePointer): ValuePointer {
    const engine = this.#engine;
    const unevaluated = engine.cell(fn).getBigUint64(fn, true);
    const result = engine.enter(() => engine.functions.evalFunction(engine.context, unevaluated));
    engine.cell(fn).setBigUint64(fn, BigInt.asUintN(64, result), true);
    return engine.checked(fn);
  }
}
