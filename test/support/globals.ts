import { expect } from 'vitest';

import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from './executor.js';

export type Attempt = { readonly value: unknown } | { readonly error: string };

let executor: Promise<Executor> | undefined;

/**
 * Evaluates an expression in the VM for each of `inputs`, available to it as `input`. The expression is a function, and the
 * VM receives its source text: it may use only its argument and globals.
 */
export async function inVm<T>(expression: (input: T) => unknown, inputs: readonly T[]): Promise<Attempt[]> {
  executor ??= createExecutor();
  const source = `
    const expression = ${expression.toString()};
    return $args.map((input) => {
      try { return { value: expression(input) } } catch (error) { return { error: error.name } }
    });
  `;
  const outcome = await runInThread(await executor, source, { args: inputs });
  if (outcome.status !== 'success') throw new Error(`${outcome.error?.code}: ${outcome.error?.message}`);
  return outcome.returnValue as Attempt[];
}

/** The same in Node, with `globals` in the place of its own. */
export function inNode<T>(expression: (input: T) => unknown, inputs: readonly T[], globals = {}): Attempt[] {
  const own = Object.keys(globals).map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)] as const);
  Object.assign(globalThis, globals);
  try {
    return attemptAll(expression, inputs);
  } finally {
    for (const [name, descriptor] of own) Object.defineProperty(globalThis, name, descriptor ?? {});
  }
}

function attemptAll<T>(expression: (input: T) => unknown, inputs: readonly T[]): Attempt[] {
  return inputs.map((input) => {
    try {
      return { value: expression(input) };
    } catch (error) {
      return { error: (error as Error).name };
    }
  });
}

/** That the VM and Node agree on all inputs; `globals` stand in for Node's where it strays from a standard. */
export async function expectAsInNode<T>(
  expression: (input: T) => unknown,
  inputs: readonly T[],
  globals = {},
): Promise<void> {
  const ours = await inVm(expression, inputs);
  const theirs = inNode(expression, inputs, globals);
  for (const [i, input] of inputs.entries()) expect([input, ours[i]]).toEqual([input, theirs[i]]);
}
