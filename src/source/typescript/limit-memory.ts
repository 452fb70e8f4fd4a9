const PREAMBLE_BYTES = 8;
const MEMORY_SECTION = 5;
const LENGTH_BITS = 7;
/** Of a memory's limits: it says how large it may become. */
const HAS_MAXIMUM = 1;

/**
 * A WebAssembly binary whose one memory may grow to so many pages of 64 KiB and no further, whatever the binary said of it.
 *
 * @throws Error when it has no memory of its own, or more than one, or one that is larger from the start
 */
export function limitMemory(binary: Uint8Array, maxPages: number): Uint8Array {
  let at = PREAMBLE_BYTES;
  while (at < binary.length) {
    const id = binary[at];
    const size = readUnsigned(binary, at + 1);
    const end = size.next + size.value;
    if (id === MEMORY_SECTION) {
      const section = memorySection(binary.subarray(size.next, end), maxPages);
      return Buffer.concat([binary.subarray(0, at), section, binary.subarray(end)]);
    }
    at = end;
  }
  throw new Error('The WebAssembly module has no memory of its own.');
}

function memorySection(content: Uint8Array, maxPages: number): Uint8Array {
  const [count, flags = 0] = content;
  const initial = readUnsigned(content, 2);
  if (count !== 1 || (flags & ~HAS_MAXIMUM) !== 0 || initial.value > maxPages) {
    throw new Error('The WebAssembly module has a memory that is not as expected.');
  }
  const limits = [count, HAS_MAXIMUM, ...encodeUnsigned(initial.value), ...encodeUnsigned(maxPages)];
  return Uint8Array.from([MEMORY_SECTION, ...encodeUnsigned(limits.length), ...limits]);
}

/** LEB128 of up to 32 bits. */
function readUnsigned(bytes: Uint8Array, start: number): { readonly value: number; readonly next: number } {
  let value = 0;
  let at = start;
  for (let shift = 0; ; shift += LENGTH_BITS) {
    const byte = bytes[at++];
    if (byte === undefined || shift > 4 * LENGTH_BITS) throw new Error('The WebAssembly module is cut short.');
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return { value, next: at };
  }
}

function encodeUnsigned(value: number): number[] {
  const low = value & 0x7f;
  return value > 0x7f ? [low | 0x80, ...encodeUnsigned(value >>> LENGTH_BITS)] : [low];
}
