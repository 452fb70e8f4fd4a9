// The application's input, plain and as MessagePack: it is refused, or the handler gets exactly this input.

import { inspect } from 'node:util';
import { pack } from 'msgpackr/pack';
import { encoded, json } from 'nexus-runtime';

import { mutateBytes } from '../lib/mutate.mjs';
import { openRuntime } from '../lib/runtime.mjs';
import { withoutParts } from '../lib/shrink.mjs';
import { costlyValue, difference, randomValue } from '../lib/values.mjs';

export const cases = 100_000;
export const short = 100;
/** A context must not end a process, even one with little memory. */
export const nodeOptions = ['--max-old-space-size=256'];

const MAX_HOLD_MS = 50;
/** What the application's own values may cost. */
const MAX_HOLD_MS_PER_MB = 35;
const FIELDS = ['args', 'scope', 'stateSnapshot'];
const CAPABILITIES = ['state:read:*'];
const HANDLER = 'return [$args, $scope, { ...$state }]';
/** Bytes of MessagePack that are many values: arrays and maps that are empty, or claim to be long. */
const DENSE_BYTES = [0x90, 0x80, 0xc0, 0xa0, 0x91, 0x81, 0xd4, 0xc7];

/** A case: `{ field, value }` for plain values, `{ field, bytes }` for MessagePack, with `isJson` for JSON text. */
export function generate(random) {
  const field = random.pick(FIELDS);
  if (random.chance(0.35)) return { field, value: plainContext(random, field) };
  if (random.chance(0.02)) return { field, bytes: dense(random) };
  const plain = field === 'stateSnapshot' ? record(random, true) : randomValue(random, 4, true);
  if (random.chance(0.2)) {
    const text = Buffer.from(JSON.stringify(plain) ?? 'null');
    return { field, bytes: random.chance(0.3) ? Uint8Array.from(text) : mutateBytes(random, text), isJson: true };
  }
  const packed = pack(JSON.parse(JSON.stringify(plain).replaceAll('"toJSON":', '"toJSON ":')));
  return { field, bytes: random.chance(0.1) ? Uint8Array.from(packed) : mutateBytes(random, packed) };
}

function plainContext(random, field) {
  if (random.chance(0.01)) {
    const [, value] = costlyValue(random, 20_000);
    return field === 'stateSnapshot' ? { value } : value;
  }
  return field === 'stateSnapshot' ? record(random, false) : randomValue(random, 4);
}

function record(random, isPlain) {
  return Object.fromEntries(random.list(random.below(5), (i) => [`k${i}`, randomValue(random, 3, isPlain)]));
}

function dense(random) {
  const size = 2 ** random.between(8, 23);
  const bytes = new Uint8Array(size).fill(random.pick(DENSE_BYTES));
  bytes.set([0xdd]);
  new DataView(bytes.buffer).setUint32(1, random.chance(0.7) ? size - 5 : random.uint32());
  return bytes;
}

export function open() {
  return openRuntime({ timeoutMs: 1_000 });
}

export function close(runtime) {
  return runtime.shutdown();
}

export async function run({ field, value, bytes, isJson }, runtime) {
  const passed = isJson ? json(bytes) : bytes && encoded(bytes);
  const context = { capabilities: CAPABILITIES, [field]: passed ?? value };
  let result;
  try {
    result = await runtime.executeHandler(HANDLER, context);
  } catch (error) {
    if (error?.name === 'NexusError' && error.code !== 'INTERNAL_ERROR') return undefined;
    return { kind: 'rejection', message: error?.stack ?? String(error) };
  }
  if (result.status !== 'success' || (bytes !== undefined && !isJson)) return undefined;
  const returned = result.returnValue[FIELDS.indexOf(field)];
  const changed = difference(isJson ? JSON.parse(Buffer.from(bytes).toString()) : value, returned, field);
  return changed === undefined ? undefined : { kind: 'changed', message: changed };
}

export function maxHoldMs({ value, bytes }) {
  const megabytes = bytes === undefined ? sizeOf(value) / 2 ** 20 : bytes.length / 2 ** 20;
  return Math.max(MAX_HOLD_MS, megabytes * MAX_HOLD_MS_PER_MB);
}

function sizeOf(value) {
  return inspect(value, { depth: 3, maxArrayLength: null, maxStringLength: null }).length;
}

export function* smaller({ field, bytes, isJson }) {
  if (bytes === undefined || bytes.length > 4_096) return;
  for (const part of withoutParts(bytes)) yield { field, bytes: part, isJson };
}

export function describe({ field, value, bytes }) {
  if (bytes === undefined) return `${field}: ${inspect(value, { depth: 6, maxArrayLength: 20 })}`;
  return `${field}, ${bytes.length} bytes of MessagePack: ${Buffer.from(bytes.subarray(0, 200)).toString('hex')}`;
}
