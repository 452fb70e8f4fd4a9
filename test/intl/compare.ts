import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

import type { Executor } from '#src/worker/executor.js';
import { runInThread } from '../support/executor.js';

/** Expressions that are evaluated in a time zone. */
export type Batch = readonly [zone: string, expressions: readonly string[]];

export interface Difference {
  readonly zone: string;
  readonly expression: string;
  readonly inVm: string | undefined;
  readonly inNode: string | undefined;
}

const IN_NODE = fileURLToPath(new URL('./in-node.mjs', import.meta.url));
/** In one handler. */
const CHUNK = 100;

/** Evaluates all of it in a VM and in Node. */
export async function differences(
  executor: Executor,
  batches: readonly Batch[],
  normalise = (text: string | undefined) => text,
): Promise<Difference[]> {
  const expected = JSON.parse(
    execFileSync(process.execPath, [IN_NODE], {
      input: JSON.stringify(batches),
      env: { ...process.env, TZ: 'UTC', LC_ALL: 'en_US.UTF-8', LANG: 'en_US.UTF-8', LANGUAGE: 'en' },
      encoding: 'utf8',
      maxBuffer: 256 * 1024 * 1024,
    }),
  ) as string[][];
  const found: Difference[] = [];
  for (const [index, [zone, expressions]] of batches.entries()) {
    const actual = await evaluateInVm(executor, zone, expressions);
    for (const [at, expression] of expressions.entries()) {
      const [inVm, inNode] = [normalise(actual[at]), normalise(expected[index]?.[at])];
      if (inVm !== inNode) found.push({ zone, expression, inVm, inNode });
    }
  }
  return found;
}

async function evaluateInVm(executor: Executor, timeZone: string, expressions: readonly string[]): Promise<string[]> {
  const answers: string[] = [];
  for (let from = 0; from < expressions.length; from += CHUNK) {
    const calls = expressions.slice(from, from + CHUNK).map((expression) => `() => (${expression})`);
    const source = `return [${calls.join(',\n')}].map((call) => {
      let value;
      try { value = call(); } catch (error) { value = error.name + ' is thrown'; }
      return JSON.stringify(value) ?? 'undefined';
    })`;
    const outcome = await runInThread(executor, source, {}, { timeZone, timeoutMs: 60_000 });
    if (outcome.status !== 'success') throw new Error(`${JSON.stringify(outcome.error)} in ${source.slice(0, 2_000)}`);
    answers.push(...(outcome.returnValue as string[]));
  }
  return answers;
}
