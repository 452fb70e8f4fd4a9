// Timers and requests that a guest which owns its VM says it waits for: calls of any form in an outcome. What is read of them is granted and within
// the limits, and every time is one at which a handler can be resumed: never before the timer could have been due.
import { ValueEncoder } from '#build/codec/values/encoding/encode.js';
import { answerTimers, firstDueMs, keepRequests, sortCalls, timeTimers } from '#build/execution/own-calls.js';
import { judgeOutcome, limits } from '../lib/read-outcome.mjs';
import { withoutParts } from '../lib/shrink.mjs';
import { randomValue } from '../lib/values.mjs';

export const cases = 200_000;
export const short = 2_000;

const GRANTS = [['timer', 'net:GET:api.example.com'], ['ext:*'], ['timer'], ['net:*']];
const MAX_BYTES = 8 * 2 ** 20;
const ENDED_AT_MS = 1.8e12;
const NUMBERS = [0, -0, 1, 1.5, -1, 1e3, 2 ** 31, 2 ** 53, 1e300, Number.NaN, Number.POSITIVE_INFINITY, -1e308];

/** An array of the items that a case gives, with one that is another now and then. */
function nearly(random, items) {
  const given = [...items];
  if (random.chance(0.2)) given[random.below(given.length + 1)] = randomValue(random, 2);
  if (random.chance(0.05)) given.splice(random.below(given.length), 1);
  return given;
}

function request(random) {
  const urls = ['https://api.example.com/a', 'https://api.example.com:444/', 'file:///etc/passwd', 'https://[', ''];
  return {
    method: random.pick(['GET', 'get', 'POST', '*', 'GET:api.example.com', 'X'.repeat(40)]),
    url: random.pick(urls),
    headers: random.chance(0.8) ? random.list(random.below(3), () => ['a', 'b']) : randomValue(random, 2),
    redirect: random.pick(['follow', 'manual', 'error', 'other']),
    ...(random.chance(0.5) && {
      body: random.chance(0.8) ? new Uint8Array(random.below(300)) : randomValue(random, 2),
    }),
  };
}

function call(random, index) {
  const id = random.chance(0.9) ? `call-${index + 1}` : random.pick(['call-1', '', '__proto__', 'x'.repeat(500), 7]);
  return random.weighted([
    [5, () => nearly(random, [id, '$timer', 'sleep', nearly(random, [random.pick(NUMBERS), random.pick(NUMBERS)])])],
    [3, () => nearly(random, [id, '$net', 'fetch', nearly(random, [request(random)])])],
    [1, () => nearly(random, [id, random.pick(['http', '$timer', '$net', '$other']), 'get', [randomValue(random, 2)]])],
  ])();
}

/** A case: `{ grants, calls, durationMs, isFrozen }`. */
export function generate(random) {
  const count = random.chance(0.02) ? 150 : random.below(5);
  return {
    grants: random.pick(GRANTS),
    calls: random.list(count, (index) => call(random, index)),
    durationMs: random.pick([0, 0.4, 1, 50, 5_000]),
    isFrozen: random.chance(0.1),
  };
}

export function run({ grants, calls, durationMs, isFrozen }) {
  let outcome;
  try {
    const fields = [0, undefined, [], [], [], [], 0, calls, [], [], 0];
    outcome = new ValueEncoder().encodeFields(fields, ['outcome'], MAX_BYTES);
  } catch {
    return undefined;
  }
  return judgeOutcome(outcome, grants, (read) => judge(read, { grants, durationMs, isFrozen }));
}

function judge({ calls = [] }, { grants, durationMs, isFrozen }) {
  const wrong = [];
  const { timers, requests } = sortCalls(calls);
  if (timers.length > 0 && !grants.includes('timer')) wrong.push('timers without a right');
  if (requests.length > 0 && !grants.some((grant) => grant.startsWith('net:'))) wrong.push('requests without a right');
  if (grants.includes('net:GET:api.example.com')) {
    const others = requests.filter(({ args }) => new URL(args[0].url).host !== 'api.example.com');
    if (others.length > 0) wrong.push(`a request of ${others[0].args[0].url}`);
  }
  if (timers.length > limits.maxTimers) wrong.push(`${timers.length} timers`);
  const timed = timeTimers(timers, undefined, { endedAtMs: ENDED_AT_MS, durationMs, isFrozen });
  timed.forEach(({ dueAtMs }, index) => {
    const [delayMs] = timers[index].args;
    const earliest = ENDED_AT_MS - (isFrozen ? 0 : durationMs) + delayMs;
    const isTime = Number.isSafeInteger(dueAtMs) && dueAtMs >= earliest && dueAtMs <= ENDED_AT_MS + delayMs + 1;
    if (!isTime) wrong.push(`a timer of ${delayMs} ms is due at ${dueAtMs}`);
  });
  const first = firstDueMs({ timers: timed });
  const answers = answerTimers({ timers: timed }, first ?? 0);
  if (first !== undefined && answers.length === 0) wrong.push('the first timer has no answer when it is due');
  if (answers.some(({ dueAtMs }) => dueAtMs !== first)) wrong.push('a timer rings early');
  if (keepRequests(requests).length !== requests.length) wrong.push('a request is lost');
  return wrong.length > 0 ? { kind: 'forged', message: wrong.join(', ') } : undefined;
}

export function* smaller(found) {
  for (const calls of withoutParts(found.calls)) yield { ...found, calls };
}

export function describe({ grants, calls, durationMs }) {
  return `${grants} after ${durationMs} ms: ${JSON.stringify(calls, (_, value) => (typeof value === 'bigint' ? `${value}n` : value))?.slice(0, 500)}`;
}
