import { encodeUnsigned } from '../../codec/leb128.js';
import { mapSections, readUnsigned, SectionId } from './wasm-sections.js';

/** The flag of memory limits that says that there is a maximum. */
const HAS_MAXIMUM = 1;

/**
 * Changes a WebAssembly binary so that its memory can grow only to the given number of 64 KiB pages.
 *
 * @throws Error unless it defines exactly one memory, which is not larger from the start
 */
export function limitMemory(binary: Uint8Array, maxPages: number): Uint8Array {
  let isLimited = false;
  const limited = mapSections(binary, (id, content) => {
    if (id !== SectionId.memory) return undefined;
    isLimited = true;
    return memorySection(content, maxPages);
  });
  if (!isLimited) throw new Error('The WebAssembly module has no memory of its own.');
  return limited;
}

function memorySection(content: Uint8Array, maxPages: number): Uint8Array {
  const [count, flags = 0] = content;
  const initial = readUnsigned(content, 2);
  if (count !== 1 || (flags & ~HAS_MAXIMUM) !== 0 || initial.value > maxPages) {
    throw new Error('The WebAssembly module has a memory that is not as expected.');
  }
  return Uint8Array.from([count, HAS_MAXIMUM, ...encodeUnsigned(initial.value), ...encodeUnsigned(maxPages)]);
}
