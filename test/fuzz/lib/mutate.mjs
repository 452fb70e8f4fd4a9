// Damages bytes in ways that break readers: flips, cuts, repeats, numbers at their limits, parts of other inputs.

const INTERESTING_BYTES = [0, 1, 0x7f, 0x80, 0xfe, 0xff, 5, 9, 14, 19, 0xc1, 0xdc, 0xdd, 0xde, 0xdf];
/** LEB128 and fixed numbers that overflow, wrap, or claim more than there is. */
const INTERESTING_RUNS = [
  [0xff, 0xff, 0xff, 0xff, 0x0f],
  [0xff, 0xff, 0xff, 0xff, 0xff, 0x7f],
  [0x80, 0x80, 0x80, 0x80, 0x08],
  [0x80, 0x80, 0x80, 0x80, 0x00],
  [0xff, 0xff, 0xff, 0xff],
  [0x7f, 0xff, 0xff, 0xff],
  [0x00, 0x00, 0x00, 0x80],
  [0xff, 0xff, 0xff, 0x7f],
  [0, 0, 0, 0, 0, 0, 0xf8, 0x7f],
];

const MUTATIONS = [
  [4, flipBit],
  [4, replaceByte],
  [3, replaceRun],
  [2, cutPart],
  [2, cutEnd],
  [2, repeatPart],
  [2, swapParts],
  [1, insertBytes],
  [2, insertOther],
];

/**
 * @param others inputs of the same kind, from which parts are taken
 * @returns other bytes; the given ones are not changed
 */
export function mutateBytes(random, bytes, others = []) {
  let mutated = Uint8Array.from(bytes);
  for (let count = 1 + random.below(random.chance(0.8) ? 4 : 30); count > 0; count--) {
    mutated = random.weighted(MUTATIONS)(random, mutated, others);
  }
  return mutated;
}

function flipBit(random, bytes) {
  const at = random.below(bytes.length);
  bytes[at] ^= 1 << random.below(8);
  return bytes;
}

function replaceByte(random, bytes) {
  bytes[random.below(bytes.length)] = random.chance(0.7) ? random.pick(INTERESTING_BYTES) : random.below(256);
  return bytes;
}

function replaceRun(random, bytes) {
  const run = random.pick(INTERESTING_RUNS);
  const at = random.below(bytes.length + 1);
  return spliced(bytes, at, random.chance(0.5) ? Math.min(run.length, bytes.length - at) : 1, run);
}

function cutPart(random, bytes) {
  return spliced(bytes, random.below(bytes.length), 1 + random.below(random.chance(0.8) ? 8 : bytes.length), []);
}

function cutEnd(random, bytes) {
  return bytes.slice(0, random.below(bytes.length + 1));
}

function repeatPart(random, bytes) {
  const at = random.below(bytes.length);
  const part = bytes.slice(at, at + 1 + random.below(16));
  const times = random.chance(0.9) ? 1 + random.below(4) : random.below(1_000);
  const repeated = new Uint8Array(part.length * times);
  for (let i = 0; i < times; i++) repeated.set(part, i * part.length);
  return spliced(bytes, at, 0, repeated);
}

function swapParts(random, bytes) {
  const [from, to] = [random.below(bytes.length), random.below(bytes.length)];
  const part = bytes.slice(from, from + 1 + random.below(8));
  return spliced(bytes, to, part.length, part);
}

function insertBytes(random, bytes) {
  return spliced(bytes, random.below(bytes.length + 1), 0, random.bytes(1 + random.below(8)));
}

function insertOther(random, bytes, others) {
  if (others.length === 0) return insertBytes(random, bytes);
  const other = random.pick(others);
  const at = random.below(other.length);
  return spliced(bytes, random.below(bytes.length + 1), random.below(4), other.slice(at, at + random.below(64)));
}

function spliced(bytes, at, removed, inserted) {
  const kept = Math.min(at + removed, bytes.length);
  const result = new Uint8Array(at + inserted.length + bytes.length - kept);
  result.set(bytes.subarray(0, at));
  result.set(inserted, at);
  result.set(bytes.subarray(kept), at + inserted.length);
  return result;
}
