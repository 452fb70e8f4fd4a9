// Inputs of a guest, a file or a caller that could hold the main thread. Each case runs in a separate process; see `holds.mjs`.
import { createHash } from 'node:crypto';

import { pack } from 'msgpackr/pack';
import { encoded } from 'nexus-runtime';

const ALL = { capabilities: ['state:write:*', 'state:read:*', 'events:emit:*', 'view:update:*', 'ext:*'] };
/** Thomas Wang's 32-bit hash, with which V8 distributes integers over the buckets of a Map. */
function hash(key) {
  let h = (~key + (key << 15)) | 0;
  h ^= h >>> 12;
  h = (h + (h << 2)) | 0;
  h ^= h >>> 4;
  h = Math.imul(h, 2057);
  return (h ^ (h >>> 16)) & 0x3fff_ffff;
}
/** Integers of one bucket that are small enough for an argument. */
const collidingInts = (count) => {
  const ints = [];
  for (let i = 0; ints.length < count; i++) if ((hash(i) & 0x3fff) === 5) ints.push(i);
  return ints;
};
const BIGINTS = 'const keys = Array.from({ length: 20_000 }, (_, i) => BigInt(i) << 64n);';
const FOLD = (wrap) => `let a = []; for (let i = 0; i < 40; i++) a = ${wrap}; return a`;
const LINES = '\n'.repeat(1 << 20);

/** A handler with a hostile value, effect or error. */
const handler =
  (source, context = ALL, options = {}) =>
  ({ runtime }) =>
    runtime.executeHandler(source, context, { timeoutMs: 20_000, ...options });
/** A context that an application received from outside. */
const context = (make) => ({
  prepare: make,
  run: ({ runtime, prepared }) => runtime.executeHandler('return 1', { args: prepared }),
});
/** The same, as MessagePack. */
const packedContext = (make) => context(() => encoded(make()));
/** A handler and what it works on. */
const withArgs = (source, make) => ({
  prepare: make,
  run: ({ runtime, prepared }) => runtime.executeHandler(source, { args: prepared }, { timeoutMs: 20_000 }),
});
/** A handler that is suspended and resumed with the value or returns it, and whose outcome is then read again. */
const resumed =
  (source) =>
  async ({ runtime }) => {
    const waiting = await runtime.executeHandler(`await $ext.a.b(); ${source}`, ALL, { timeoutMs: 20_000 });
    const id = waiting.suspension.suspensionId;
    await runtime.resumeHandler(id, { success: true, value: 1 });
    return runtime.resumeHandler(id, { success: true, value: 1 });
  };
const run =
  (source, answer) =>
  ({ runtime }) =>
    runtime.run(source, { ...ALL }, { extensions: { a: { b: answer } }, timeoutMs: 20_000 });

/** An artifact without a secret, whose header was changed and which was then sealed again. */
const artifact = (change) => ({
  async prepare({ runtime }) {
    const sealed = Buffer.from(await runtime.precompileHandler('return 1'));
    const headerEnd = 10 + sealed.readUInt32BE(6);
    const encoded = change(sealed.subarray(10, headerEnd));
    const preamble = Buffer.from(sealed.subarray(0, 10));
    preamble.writeUInt32BE(encoded.length, 6);
    const body = Buffer.concat([preamble, encoded, sealed.subarray(headerEnd, -32)]);
    return Buffer.concat([body, createHash('sha256').update(body).digest()]);
  },
  run: ({ runtime, prepared }) => runtime.executeCompiledHandler(prepared),
});

function packedArray(byte, length) {
  const bytes = Buffer.alloc(5 + length, byte);
  bytes[0] = 0xdd;
  bytes.writeUInt32BE(length, 1);
  return bytes;
}

/** A 32-bit map: this many keys of seven characters. */
function packedKeys(count) {
  const bytes = Buffer.alloc(5 + count * 9);
  bytes[0] = 0xdf;
  bytes.writeUInt32BE(count, 1);
  for (let i = 0; i < count; i++) {
    const at = 5 + i * 9;
    bytes[at] = 0xa7;
    bytes.write(`${100_000 + i}x`, at + 1, 'latin1');
    bytes[at + 8] = 0xc0;
  }
  return bytes;
}

export const CASES = {
  // Collisions
  'a Set of 20,000 BigInts that collide': handler(`${BIGINTS} return new Set(keys)`),
  'the same as keys of a Map in an event': handler(`${BIGINTS} $emit('e', new Map(keys.map((k) => [k, 1]))); return 1`),
  'the same in a state mutation': handler(`${BIGINTS} $state.a = new Set(keys); return 1`),
  'the same in a view command': handler(`${BIGINTS} $view.command('c', new Set(keys)); return 1`),
  'the same as argument of a call': handler(`${BIGINTS} await $ext.a.b(new Set(keys)); return 1`),
  'the same in what is thrown': handler(`${BIGINTS} throw { keys: new Set(keys) }`),
  'the same in a cause of a returned error': handler(`${BIGINTS} return new Error('x', { cause: new Set(keys) })`),
  'the same in a recorded outcome': resumed(`${BIGINTS} return new Set(keys)`),
  'the same in run, to an extension that gives it back': run(
    `${BIGINTS} return (await $ext.a.b(new Set(keys))).size`,
    (value) => value,
  ),
  'negative BigInts that collide': handler(
    'return new Set(Array.from({ length: 20_000 }, (_, i) => -(BigInt(i + 1) << 64n) - 1n))',
  ),
  'whole numbers that collide': withArgs('return new Set($args)', () => collidingInts(16_000)),
  'whole numbers that collide, as keys of a Map': withArgs('return new Map($args.map((k) => [k, k]))', () =>
    collidingInts(16_000),
  ),
  'indices as text that collide': handler(
    'return new Set(Array.from({ length: 40_000 }, (_, i) => String(i * 32768)))',
  ),
  '200 texts of 16,384 characters as keys': handler(
    "return new Set(Array.from({ length: 200 }, (_, i) => 'x'.repeat(16_384) + (1000 + i)))",
  ),
  '200 property names of 16,384 characters': handler(
    "return Object.fromEntries(Array.from({ length: 200 }, (_, i) => ['x'.repeat(16_384) + (1000 + i), i]))",
  ),
  '50 Sets of 1,400 BigInts that collide': handler(
    'return Array.from({ length: 50 }, () => new Set(Array.from({ length: 1_400 }, (_, i) => BigInt(i) << 64n)))',
  ),
  '20,000 sparse indices as names': handler(
    'return Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [String(i * 32768), i]))',
  ),
  '60,000 indices above 2^31 as names, given back': run(
    'return Object.keys(await $ext.a.b(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [String(2 ** 31 + i * 32768), i])))).length',
    (value) => value,
  ),
  '50,000 objects, given back': run(
    'return (await $ext.a.b(Array.from({ length: 50_000 }, (_, i) => ({ i })))).length',
    (value) => value,
  ),
  'a million BigInts, which are too many, given back': run(
    'return await $ext.a.b(new Array(1_000_000).fill(7n)).catch((error) => error.message.length)',
    (value) => value,
  ),
  // Many values
  '1.3 million BigInts': handler('return new Array(1_300_000).fill(7n)'),
  '700,000 BigInts of 8 bytes': handler('return new Array(700_000).fill(2n ** 62n)'),
  '40 BigInts of a megabit': handler('return Array.from({ length: 40 }, (_, i) => 2n ** 1_000_000n + BigInt(i))'),
  '900,000 small numbers': handler('return new Array(900_000).fill(7)'),
  '800,000 fractions': handler('return Array.from({ length: 800_000 }, (_, i) => i + 0.5)'),
  '700,000 fractions and a text': handler(
    'const a = Array.from({ length: 700_000 }, (_, i) => i + 0.5); a.push("x"); return a',
  ),
  '900,000 nulls': handler('return new Array(900_000).fill(null)'),
  '120,000 empty arrays': handler('return Array.from({ length: 120_000 }, () => [])'),
  '120,000 empty objects': handler('return Array.from({ length: 120_000 }, () => ({}))'),
  '60,000 objects of two fields': handler(
    'return Array.from({ length: 60_000 }, (_, i) => ({ id: i, name: "n" + i }))',
  ),
  '60,000 empty Maps': handler('return Array.from({ length: 60_000 }, () => new Map())'),
  '30,000 Sets of two': handler('return Array.from({ length: 30_000 }, (_, i) => new Set([i, -i]))'),
  '20,000 errors': handler('return Array.from({ length: 20_000 }, () => new TypeError("x"))'),
  '60,000 ArrayBuffers': handler('return Array.from({ length: 60_000 }, () => new ArrayBuffer(1))'),
  '40,000 typed arrays': handler('return Array.from({ length: 40_000 }, () => new Uint8Array(1))'),
  '200,000 dates': handler('return Array.from({ length: 200_000 }, (_, i) => new Date(i))'),
  '250,000 short texts': handler('return Array.from({ length: 250_000 }, (_, i) => "k" + i)'),
  '120,000 texts of 20 characters': handler(
    'return Array.from({ length: 120_000 }, (_, i) => String(i).padStart(20, "x"))',
  ),
  'a text of 6 million characters': handler('return "x".repeat(6_000_000)'),
  'a text of 2 million wide characters': handler('return "ж".repeat(2_000_000)'),
  '8 MB of bytes': handler('return new Uint8Array(8_000_000)'),
  'a Set of 160,000 numbers': handler('return new Set(Array.from({ length: 160_000 }, (_, i) => i))'),
  'a Set of 270,000 numbers': handler('return new Set(Array.from({ length: 270_000 }, (_, i) => i))'),
  'a Map of 70,000 texts': handler('return new Map(Array.from({ length: 70_000 }, (_, i) => ["k" + i, i]))'),
  'an object of 60,000 names': handler(
    'return Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => ["k" + i, i]))',
  ),
  'an object of 100,000 indices': handler(
    'return Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [i * 7, i]))',
  ),
  'an error of 9,000 fields': handler(
    'return Object.assign(new Error("x"), Object.fromEntries(Array.from({ length: 9_000 }, (_, i) => ["k" + i, i])))',
  ),
  'arrays nested 900 deep, 150 times': handler(
    'return Array.from({ length: 150 }, () => { let a = []; for (let i = 0; i < 900; i++) a = [a]; return a })',
  ),
  '100,000 empty objects in a recorded outcome': resumed('return Array.from({ length: 100_000 }, () => ({}))'),
  '300,000 BigInts in a recorded outcome': resumed('return Array.from({ length: 300_000 }, (_, i) => BigInt(i))'),
  '10 results of 100,000 empty arrays at once': ({ runtime }) =>
    Promise.all(
      Array.from({ length: 10 }, () =>
        runtime.executeHandler('return Array.from({ length: 100_000 }, () => [])', {}, { timeoutMs: 60_000 }),
      ),
    ),
  '64 results of 100 errors at once': ({ runtime }) =>
    Promise.all(
      Array.from({ length: 64 }, () =>
        runtime.executeHandler('return Array.from({ length: 100 }, () => new Error("x"))'),
      ),
    ),
  // Paths
  '2^40 paths through arrays': handler(FOLD('[a, a]')),
  '2^40 paths through Maps': handler(FOLD('new Map([[0, a], [1, a]])')),
  '2^40 paths, as JSON of a server': async ({ runtime, toJson }) => {
    const result = await runtime.executeHandler(FOLD('[a, a]'), {}, { timeoutMs: 20_000 });
    return { status: result.status, error: result.error, json: (toJson ?? JSON.stringify)(result).length };
  },
  '2^19 paths, as JSON of a server': async ({ runtime, toJson }) => {
    const result = await runtime.executeHandler('let a = []; for (let i = 0; i < 19; i++) a = [a, a]; return a');
    return { status: result.status, error: result.error, json: (toJson ?? JSON.stringify)(result).length };
  },
  // Errors
  'an error after 1 MiB of lines': handler(
    `${LINES}const f = (n) => { if (n === 0) throw new Error('x'); f(n - 1) }; f(40)`,
  ),
  'a syntax error after 1 MiB of lines': handler(`${LINES}const = 1`),
  'an error with a stack of 3 MB': handler(
    "const e = new Error('x'); e.stack = 'at f (x:1:1)\\n'.repeat(250_000); throw e",
  ),
  'an error with a message of 3 MB': handler("throw new Error('x'.repeat(3_000_000))"),
  'causes nested 900 deep': handler(
    "let e = new Error('0'); for (let i = 1; i < 900; i++) e = new Error('x', { cause: e }); throw e",
  ),
  '10,000 events': handler('for (let i = 0; i < 100; i++) $emit("e" + i, new Array(10_000).fill(i)); return 1'),
  // Contexts
  '4 MB of MessagePack: an array of empty maps': packedContext(() => packedArray(0x80, 4_000_000)),
  '8 MB of MessagePack: an array of empty maps': packedContext(() => packedArray(0x80, 8_000_000)),
  '8 MB of MessagePack: an array of numbers': packedContext(() => packedArray(0x01, 8_000_000)),
  '12 MB of MessagePack: empty arrays': packedContext(() => packedArray(0x90, 12_000_000)),
  'MessagePack nested 100,000 deep': packedContext(() => Buffer.alloc(100_000, 0x91)),
  'MessagePack of 600,000 keys': packedContext(() => packedKeys(600_000)),
  '12 MB of JSON: empty objects': context(() => JSON.parse(`[${'{},'.repeat(4_000_000)}{}]`)),
  '1 MB encoded: 65,000 empty objects': context(() => JSON.parse(`[${'{},'.repeat(65_000)}{}]`)),
  '1 MB encoded: 25,000 records': context(() =>
    Array.from({ length: 25_000 }, (_, i) => ({ id: i, name: `item number ${i}`, price: i * 1.5 })),
  ),
  '1 MB encoded: 90,000 BigInts': context(() => Array.from({ length: 90_000 }, (_, i) => BigInt(i) * 7n)),
  '1 MB encoded: 8,000 errors': context(() => Array.from({ length: 7_000 }, (_, i) => new Error(`e${i}`))),
  '1 MB encoded: 16,000 Maps': context(() => Array.from({ length: 14_000 }, () => new Map())),
  '1 MB encoded, which counts 2: 60,000 names': context(() =>
    Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`name ${i}`, i])),
  ),
  // Headers
  'an artifact whose header is a map of 600,000 keys': artifact(() => packedKeys(600_000)),
  'an artifact whose header is 8 million empty maps': artifact(() => packedArray(0x80, 8_000_000)),
  'an artifact whose header is a Set of numbers': artifact(() =>
    Buffer.concat([Buffer.of(0xd4, 0x73, 0), packedArray(0x01, 1_000_000)]),
  ),
  'an artifact with a source of 8 MB of lines': artifact((header) => {
    const at = header.indexOf(pack('return 1'));
    const before = header.subarray(0, at);
    return Buffer.concat([before, pack('\n'.repeat(8_000_000)), header.subarray(at + 9)]);
  }),
};
