import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type {
  AsyncResult,
  CallResult,
  ErrorContext,
  ExecuteOptions,
  NexusErrorCode,
  RuntimeOptions,
  SuspensionState,
  WasmContext,
  WasmResult,
} from '#src/index.js';
import { bundleSource } from '../support/sources/bundle-source.js';

const ONCE = fileURLToPath(await bundleSource('test/suspension/workers/once.mjs'));

export type Step =
  | {
      readonly code: string;
      readonly context?: WasmContext;
      /** Fields of the context that it prepares first. */
      readonly prepare?: readonly ('stateSnapshot' | 'args' | 'scope')[];
      readonly executeOptions?: ExecuteOptions;
    }
  | { readonly resume: string; readonly answers: AsyncResult | readonly CallResult[] };

/** The message of a process before it ends. Its values have been through JSON. */
export interface Said {
  readonly pid: number;
  readonly node: string;
  readonly outcomes: readonly {
    readonly result?: WasmResult;
    readonly rejection?: { readonly code: NexusErrorCode; readonly message: string; readonly context: ErrorContext };
  }[];
  readonly suspensions: readonly {
    readonly id: string;
    readonly state: SuspensionState;
    readonly envelopeBytes: number;
  }[];
}

/**
 * Does some steps in a runtime in a process of its own, which has ended when this resolves.
 *
 * @param node path of the Node.js to do it with
 */
export async function inProcess(
  options: RuntimeOptions,
  steps: readonly Step[],
  node: string = process.execPath,
): Promise<Said> {
  const { stdout } = await promisify(execFile)(node, [ONCE, JSON.stringify({ options, steps })], {
    maxBuffer: 64 * 1024 ** 2,
  });
  return JSON.parse(stdout) as Said;
}
