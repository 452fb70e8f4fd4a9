import type { ExecutionLimits } from '../api/limits.js';
import type { LogEntry } from '../api/result.js';
import { checkFunction, invalidArgument, readArgument, rejectUnknownKeys } from '../config/check.js';
import type { NexusRuntime } from '../runtime/nexus-runtime.js';
import type { Approval } from './calls/approval.js';
import type { CallRecord } from './calls/journal.js';
import type { CodeModeOutcome } from './outcome/outcome.js';
import type { Preview } from './program/preview.js';
import type { Tools } from './tools/tool.js';

/** Bounds of each program. */
export interface CodeModeLimits
  extends Partial<Pick<ExecutionLimits, 'maxInstructions' | 'memoryLimitBytes' | 'maxCpuMs'>> {
  /** Calls that a program may make, `$search` and `$describe` included: RESOURCE_LIMIT. @default 100 */
  readonly maxCalls?: number;
  /** Wall-clock time in the VM between two awaits, in milliseconds: TIMEOUT. Default: `timeoutMs` of the runtime */
  readonly timeoutMs?: number;
  /** From the begin of a program to its end or its first wait for approvals, in milliseconds: TIMEOUT. @default 60,000 */
  readonly deadlineMs?: number;
  /** For one call of a tool, in milliseconds: a TimeoutError at the program's `await`. @default 30,000 */
  readonly callTimeoutMs?: number;
  /** Values that an argument of a tool may consist of. @default 10,000 */
  readonly maxInputValues?: number;
  /** Of the result, in the text for the model. `result` of the outcome is whole. @default 20,000 */
  readonly maxResultCharacters?: number;
  /** Of the console, in the text for the model. `logs` of the outcome is whole. @default 4,000 */
  readonly maxLogCharacters?: number;
}

/** What a policy says of a program before it runs: nothing, that it is refused, or which tools it may call, by their keys. */
export type PolicyDecision = undefined | { readonly refuse: string } | { readonly allow: readonly string[] };

/** Options of `createCodeMode`. */
export interface CodeModeOptions {
  /** Executes the programs, and keeps those that wait in its suspension store. */
  readonly runtime: NexusRuntime;
  /** What programs can call. */
  readonly tools: Tools;
  /** Decides each call before the tool's own `needsApproval`, which counts if this returns undefined. @default none */
  readonly approval?: Approval;
  /** Looks at each program before it runs. @default none */
  readonly policy?: (preview: Preview) => PolicyDecision | Promise<PolicyDecision>;
  readonly limits?: CodeModeLimits;
  /**
   * Whether the calls of a program that fails are undone by `revert` of their tools, the last one first. A function decides for each program.
   * @default false
   */
  readonly revert?: boolean | ((outcome: Omit<CodeModeOutcome, 'text'>) => boolean);
  /**
   * Whether programs are checked by the types of the tools before they run, and are refused with the faults. Needs the package `typescript`; a
   * check takes some 100 ms. `preview` checks them whenever it is there. @default false
   */
  readonly typeCheck?: boolean;
  /** Of the instructions: how deep types are told, and how many characters all declarations may have. @default { maxDepth: 5, maxCharacters: 20,000 } */
  readonly declarations?: { readonly maxDepth?: number; readonly maxCharacters?: number };
  /** For whom programs execute: tenants take turns, and each has its own memory in workers. @default none */
  readonly tenant?: string;
  /** Told each line of a console while a program runs. @default none */
  readonly onLog?: (entry: LogEntry, info: { readonly runId: string }) => unknown;
  /** Told each call whenever its state changes. @default none */
  readonly onCall?: (call: CallRecord, info: { readonly runId: string }) => unknown;
}

const KEYS: { readonly [K in keyof Required<CodeModeOptions>]: true } = {
  ...{ runtime: true, tools: true, approval: true, policy: true, limits: true, revert: true, typeCheck: true },
  ...{ declarations: true, tenant: true, onLog: true, onCall: true },
};
const LIMIT_KEYS: { readonly [K in keyof Required<CodeModeLimits>]: true } = {
  ...{
    maxInstructions: true,
    memoryLimitBytes: true,
    maxCpuMs: true,
    maxCalls: true,
    timeoutMs: true,
    deadlineMs: true,
  },
  ...{ callTimeoutMs: true, maxInputValues: true, maxResultCharacters: true, maxLogCharacters: true },
};
const MAX_MS = 2 ** 31 - 1;

/** @throws NexusError INVALID_ARGUMENT naming the argument */
export function requireRuntime(field: string, value: unknown): asserts value is NexusRuntime {
  if (typeof (value as Partial<NexusRuntime> | undefined)?.keeping === 'function') return;
  throw invalidArgument(field, value, 'what createRuntime returned');
}

/** With defaults. */
export type CheckedOptions = ReturnType<typeof checkOptions>;

/** @throws NexusError INVALID_ARGUMENT naming the option, its value and what is allowed */
export function checkOptions(options: CodeModeOptions) {
  if (typeof options !== 'object' || options === null)
    throw invalidArgument('options', options, 'an object { runtime, tools }');
  const given = readArgument('options', () => ({ ...options }));
  rejectUnknownKeys(given, Object.keys(KEYS), 'options.', 'INVALID_ARGUMENT');
  const { runtime, tools, approval, policy, revert = false, typeCheck = false, tenant, onLog, onCall } = given;
  const { limits = {}, declarations = {} } = given;
  requireRuntime('options.runtime', runtime);
  for (const [name, value] of Object.entries({ approval, policy, onLog, onCall }))
    checkFunction(`options.${name}`, value);
  if (typeof revert !== 'boolean') checkFunction('options.revert', revert);
  if (typeof typeCheck !== 'boolean') throw invalidArgument('options.typeCheck', typeCheck, 'true or false');
  requireObject('options.limits', limits, LIMIT_KEYS);
  requireObject('options.declarations', declarations, { maxDepth: true, maxCharacters: true });
  const {
    maxCalls,
    timeoutMs,
    deadlineMs,
    callTimeoutMs,
    maxInputValues,
    maxResultCharacters,
    maxLogCharacters,
    ...vm
  } = limits;
  return {
    ...{ runtime, tools, approval, policy, revert, typeCheck, tenant, onLog, onCall },
    limits: {
      vm,
      maxCalls: whole('limits.maxCalls', maxCalls ?? 100, 0, 1_000_000),
      timeoutMs: timeoutMs === undefined ? undefined : whole('limits.timeoutMs', timeoutMs, 1, MAX_MS),
      deadlineMs: whole('limits.deadlineMs', deadlineMs ?? 60_000, 1, MAX_MS),
      callTimeoutMs: whole('limits.callTimeoutMs', callTimeoutMs ?? 30_000, 1, MAX_MS),
      maxInputValues: whole('limits.maxInputValues', maxInputValues ?? 10_000, 1, 100_000_000),
      maxResultCharacters: whole('limits.maxResultCharacters', maxResultCharacters ?? 20_000, 100, 100_000_000),
      maxLogCharacters: whole('limits.maxLogCharacters', maxLogCharacters ?? 4_000, 100, 100_000_000),
    },
    declarations: {
      maxDepth: whole('declarations.maxDepth', declarations.maxDepth ?? 5, 1, 12),
      maxCharacters: whole('declarations.maxCharacters', declarations.maxCharacters ?? 20_000, 500, 10_000_000),
    },
  };
}

function requireObject(field: string, given: unknown, keys: object): asserts given is object {
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalidArgument(field, given, 'an object');
  rejectUnknownKeys(given, Object.keys(keys), `${field}.`, 'INVALID_ARGUMENT');
}

function whole(name: string, given: unknown, least: number, most: number): number {
  if (Number.isSafeInteger(given) && Number(given) >= least && Number(given) <= most) return Number(given);
  throw invalidArgument(`options.${name}`, given, `a whole number from ${least} to ${most}`);
}
