// Outcomes of a VM under an attacker's control, read on the main thread.
import { ValueEncoder } from '#build/codec/values/encoding/encode.js';
import { mutateBytes } from '../lib/mutate.mjs';
import { judgeOutcome, limits } from '../lib/read-outcome.mjs';
import { withoutParts } from '../lib/shrink.mjs';
import { costlyValue, countPaths, randomValue } from '../lib/values.mjs';

export const cases = 400_000;
export const short = 500;

const GRANTS = ['state:write:a', 'events:emit:e', 'view:update:v', 'ext:http.get'];
const MAX_BYTES = 8 * 2 ** 20;
/** The limit of one result, counted by paths: code that walks it visits each of them. */
const MAX_PATHS = 1_000_000;
/** As many items as fit the bytes that may come out. */
const COSTLY_ITEMS = 100_000;

/** As the form of a RegExp: a source and flags that need not be any. */
function regExp(random) {
  const sources = ['(', '[', 'a{2,1}', '\\p{Nope}', '(?<a>)(?<a>)', '\\p{L}'.repeat(200), 'a'.repeat(6_000), '[[[a]]]'];
  const flags = ['g', 'gg', 'uv', 'x', 'u', 'iv', ''];
  return Object.defineProperties(/x/, {
    source: { value: random.chance(0.8) ? random.pick(sources) : `${random.below(1e6)}` },
    flags: { value: random.pick(flags) },
  });
}

/** The fields of an outcome, right ones and forged ones. */
function outcome(random) {
  const value = () => (random.chance(0.05) ? [regExp(random)] : randomValue(random, 3));
  const name = (right) => (random.chance(0.7) ? right : value());
  const few = (make) => (random.chance(0.9) ? random.list(random.below(4), make) : value());
  return [
    random.chance(0.8) ? random.below(3) : value(),
    value(),
    few(() => [name(random.pick(['set', 'delete'])), name('a'), value()]),
    few(() => [name('e'), value()]),
    few(() => [name('focus'), name('v'), few(value)]),
    few(() => (random.chance(0.8) ? [name('info'), name('text')] : [name('warn'), name(''), name(random.below(9))])),
    random.chance(0.8) ? random.below(100) : value(),
    few((i) => [name(`c${i}`), name('http'), name('get'), few(value)]),
    few(() => name('state:read:x')),
    few(() => name('x')),
  ];
}

/** A case: `{ what, bytes }`. */
export function generate(random) {
  if (random.chance(0.0015)) {
    const [what, value] = costlyValue(random, COSTLY_ITEMS);
    const fields = outcome(random);
    fields[0] = random.pick([1, 2]);
    fields[random.chance(0.7) ? 1 : 3] = random.chance(0.8) ? value : [['e', value]];
    return { what, bytes: encode(fields) ?? new Uint8Array(1) };
  }
  const bytes = encode(outcome(random)) ?? new Uint8Array(1);
  if (random.chance(0.1)) return { what: 'a forged outcome', bytes };
  return { what: 'a damaged outcome', bytes: mutateBytes(random, bytes, [bytes]) };
}

/** undefined for what no guest could write. */
function encode(fields) {
  try {
    return new ValueEncoder().encodeFields(fields, ['outcome'], MAX_BYTES);
  } catch {
    return undefined;
  }
}

export function run({ bytes }) {
  return judgeOutcome(bytes, GRANTS, judge);
}

function judge(result) {
  const wrong = [];
  if (!['success', 'error', 'suspended'].includes(result.status)) wrong.push(`its status is ${result.status}`);
  if ((result.status === 'error') !== (result.error !== undefined)) wrong.push(`${result.status} with ${result.error}`);
  if (result.stateMutations.some(({ key }) => key !== 'a')) wrong.push('a mutation without a right');
  if (result.events.some(({ name }) => name !== 'e')) wrong.push('an event without a right');
  if (result.viewCommands.some(({ componentId }) => componentId !== 'v')) wrong.push('a view command without a right');
  if ((result.calls ?? []).some((call) => `${call.extensionName}.${call.method}` !== 'http.get'))
    wrong.push('a call without a right');
  if (result.events.length > limits.maxEvents) wrong.push('too many events');
  if (result.logs.some(({ message }) => typeof message !== 'string')) wrong.push('a log that is no text');
  if (result.logs.some(({ omitted }, i) => omitted !== undefined && (i !== result.logs.length - 1 || !(omitted > 0))))
    wrong.push('an omission that is none');
  if (wrong.length > 0) return { kind: 'forged', message: wrong.join(', ') };
  if (Object.prototype.polluted !== undefined) return { kind: 'pollution', message: 'Object.prototype was changed' };
  const paths = countPaths(result);
  return paths > MAX_PATHS ? { kind: 'paths', message: `the result has ${paths} paths` } : undefined;
}

export function* smaller({ what, bytes }) {
  if (bytes.length > 4_096) return;
  for (const part of withoutParts(bytes)) yield { what, bytes: part };
}

export function describe({ what, bytes }) {
  return `${what}, ${bytes.length} bytes: ${Buffer.from(bytes.subarray(0, 200)).toString('hex')}`;
}
