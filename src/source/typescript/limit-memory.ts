import { encodeUnsigned } from '../../codec/leb128.js';
import { mapSections, readUnsigned, SectionId } from './wasm-sections.js';

/** Of a memory's limits: it says how large it may become. */
const HAS_MAXIMUM = 1;

/**
 * A WebAssembly binary whose one memory may grow to so many pages of 64 KiB and no further, whatever the binary said of it.
 *
 * @throws Error when it has no memory of its own, or more than one, or one that is larger from the start
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
