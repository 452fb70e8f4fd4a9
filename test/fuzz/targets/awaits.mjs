// The same program with its VM kept in memory at every await, and with a snapshot at every await: both give the same.
import { isDeepStrictEqual } from 'node:util';

import { LanguageGrammar } from '../lib/language-grammar.mjs';
import { openRuntime } from '../lib/runtime.mjs';
import { withoutLines } from '../lib/shrink.mjs';

export const cases = 100_000;
export const short = 60;

/** Programs without any of these do not wait. */
const MAY_WAIT = /for await|later\.push|yield/;
const TRIES = 8;
const CONTEXT = { stateSnapshot: { n: 0 }, capabilities: ['state:read:*', 'state:write:*', 'ext:a.same'] };
const OPTIONS = { seed: 3, now: 1_760_000_000_000, timeoutMs: 3_000, maxCalls: 400 };
const extensions = { a: { same: (value) => value } };
/** What a busy machine may bring about in one of them alone. */
const BY_TIME = new Set(['TIMEOUT', 'INTERNAL_ERROR']);

/** A case is a source. */
export function generate(random) {
  let source = '';
  for (let i = 0; i < TRIES && !MAY_WAIT.test(source); i++) source = new LanguageGrammar(random).program();
  return waiting(source);
}

/** Waits for an extension wherever the program's own asynchronous functions begin or go on. */
function waiting(source) {
  const body = source
    .replaceAll('async next(v) {', 'async next(v) { await $ext.a.same(1);')
    .replaceAll('await null;', '$state.n = Math.random(); await $ext.a.same(2);')
    .replaceAll('later.push((async () => {', 'later.push((async () => { await $ext.a.same(3);')
    .replace("return log.join(' ');", "await $ext.a.same(4); return log.join(' ') + Math.random();");
  return `await $ext.a.same(0);\n${body}`;
}

export async function open() {
  const [live, captured] = await Promise.all([openRuntime(), openRuntime({ maxLiveBytes: 0 })]);
  return { live, captured };
}

export async function close({ live, captured }) {
  await Promise.all([live, captured].map((runtime) => runtime.shutdown({ drainTimeoutMs: 1_000 })));
}

export async function run(source, { live, captured }) {
  const [one, other] = await Promise.all([live, captured].map((runtime) => outcomeOf(runtime, source)));
  if ([one, other].some(({ code }) => BY_TIME.has(code)) || isDeepStrictEqual(one, other)) return undefined;
  return { kind: 'differs', message: `kept: ${JSON.stringify(one)}\nrestored: ${JSON.stringify(other)}` };
}

export function smaller(source) {
  return withoutLines(source);
}

async function outcomeOf(runtime, source) {
  try {
    const { status, returnValue, error, stateMutations, logs, metrics } = await runtime.run(source, CONTEXT, {
      ...OPTIONS,
      extensions,
    });
    const { hostCalls, instructionCount, memoryUsedBytes } = metrics;
    const figures = { hostCalls, instructionCount, memoryUsedBytes };
    return { status, returnValue, code: error?.code, error: error?.message, stateMutations, logs, figures };
  } catch (error) {
    return { status: 'rejected', code: error.code, error: error.message };
  }
}
