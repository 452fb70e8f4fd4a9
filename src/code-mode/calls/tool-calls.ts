import type { Schema } from '../../api/schema.js';
import { later } from '../../runtime/durable/later.js';
import type { ReleasableCall } from '../../runtime/durable/session/durable-calls.js';
import { currentCall } from '../../runtime/run/current-call.js';
import { InputMismatch, OutputMismatch } from '../../schemas/extension-errors.js';
import { validate } from '../../schemas/validate.js';
import type { SavedProgram } from '../session/saved-programs.js';
import { type Declared, isOptional } from '../tools/declarations.js';
import { describeTool, noSuchTool, searchTools } from '../tools/search.js';
import type { ToolCallInfo } from '../tools/tool.js';
import type { KnownTool, ToolSet } from '../tools/tool-set.js';
import type { Approval, ApprovalDecision } from './approval.js';
import { type CallRecord, copyForLog, type Journal } from './journal.js';

/** What the calls of one run are made with. */
export interface ToolCallsOptions {
  readonly runId: string;
  readonly tools: ToolSet;
  readonly saved: ReadonlyMap<string, SavedProgram>;
  readonly approval: Approval | undefined;
  readonly journal: Journal;
  /** Of an argument. */
  readonly maxInputValues: number;
  /** Told each call whenever its state changes. It does not throw. */
  readonly onCall: (call: CallRecord) => void;
}

/** What a program gets for a call that is not admitted. */
class ToolRefusedError extends Error {
  override readonly name = 'ToolRefusedError';
}

/** Name of the extension that programs call tools by. They can call it by itself: it trusts nothing that it is given. */
export const TOOLS_EXTENSION = 'tools';

/** The methods of {@link TOOLS_EXTENSION}. All checks are here, outside of the VM. */
export function toolsExtension(options: ToolCallsOptions): Readonly<Record<string, (...args: unknown[]) => unknown>> {
  const { tools, saved } = options;
  const declared = (): readonly Declared[] => [...tools.all, ...[...saved.values()].map(({ declared }) => declared)];
  return {
    call: (path, ...args) => makeCall(options, path, args),
    search: (text) => searchTools(text, declared()),
    describe: (name) => describeTool(name, declared()),
    admit: (path, ...args) => admitSaved(options, path, args),
  };
}

async function makeCall(options: ToolCallsOptions, path: unknown, args: readonly unknown[]): Promise<unknown> {
  const { tools, journal, runId, onCall } = options;
  const { key: callId, signal, isReleased } = currentCall() as ReleasableCall;
  const startedAt = Date.now();
  const tool = typeof path === 'string' ? tools.get(path) : undefined;
  const name = tool?.key ?? nameOf(path);
  const note = (record: Omit<Parameters<Journal['note']>[0], 'callId' | 'tool' | 'input' | 'startedAt'>) => {
    journal.note({ callId, tool: name, input: copyForLog(args[0]), startedAt, ...record });
    onCall(journal.get(callId) as CallRecord);
  };
  const refuse = (error: Error): never => {
    note({ status: 'refused', error: messageOf(error), durationMs: Date.now() - startedAt });
    throw error;
  };
  if (tool === undefined) return refuse(new TypeError(noSuchTool(name, tools.near(name))));
  if (journal.allowed !== undefined && !journal.allowed.includes(tool.path)) {
    return refuse(new ToolRefusedError(`tools.${tool.path} may not be called by this program`));
  }
  let input: unknown;
  try {
    input = await admit(tool.path, tool.inputSchema, tool, args, options.maxInputValues);
  } catch (error) {
    return refuse(error as Error);
  }
  const info: ToolCallInfo = { tool: tool.key, runId, callId, signal, isApproved: isReleased === true };
  if (isReleased !== true) {
    const decision = await decide(tool, input, info, options.approval);
    if (decision === 'ask') {
      note({ status: 'pending' });
      return later;
    }
    if (typeof decision === 'object') {
      return refuse(new ToolRefusedError(`tools.${tool.path} was refused: ${decision.refuse}`));
    }
  }
  const approved = info.isApproved ? ({ isApproved: true } as const) : {};
  note({ status: 'running', ...approved });
  const settle = (changes: Parameters<Journal['change']>[1]) => {
    journal.change(callId, { ...changes, durationMs: Date.now() - startedAt });
    onCall(journal.get(callId) as CallRecord);
  };
  try {
    const answer = await answerOf(tool, await tool.execute(input, info));
    settle({ status: 'done', result: copyForLog(answer) });
    return answer;
  } catch (error) {
    settle({ status: 'failed', error: messageOf(error) });
    throw error;
  }
}

/** What somebody has to decide; a decision that cannot be made is a refusal. */
async function decide(
  tool: KnownTool,
  input: unknown,
  info: ToolCallInfo,
  approval: Approval | undefined,
): Promise<ApprovalDecision> {
  try {
    const decided = await approval?.({ ...info, input });
    if (decided !== undefined) return decided;
    const { needsApproval = false } = tool;
    const isNeeded = typeof needsApproval === 'function' ? await needsApproval(input, info) : needsApproval;
    return isNeeded === false ? 'allow' : 'ask';
  } catch (error) {
    return { refuse: `whether it needs an approval could not be decided (${messageOf(error)})` };
  }
}

async function answerOf({ path, outputSchema }: KnownTool, answer: unknown): Promise<unknown> {
  if (outputSchema === undefined) return answer;
  const verdict = await validate(outputSchema, answer, 'output', undefined);
  if (verdict.issues === undefined) return verdict.value;
  throw new OutputMismatch({ method: `tools.${path}`, ...verdict });
}

/** @throws InputMismatch */
async function admit(
  path: string,
  schema: Schema,
  { input }: Pick<Declared, 'input'>,
  args: readonly unknown[],
  maxValues: number,
): Promise<unknown> {
  if (args.length > 1) {
    const message = `takes one object with named properties, and got ${args.length} arguments`;
    throw new InputMismatch(`tools.${path}`, [{ path: 'input', message }]);
  }
  const given = args[0] === undefined && isOptional(input) ? {} : args[0];
  const verdict = await validate(schema, given, 'input', maxValues);
  if (verdict.issues === undefined) return verdict.value;
  throw new InputMismatch(`tools.${path}`, verdict.issues);
}

async function admitSaved(
  { saved, maxInputValues }: ToolCallsOptions,
  path: unknown,
  args: readonly unknown[],
): Promise<unknown> {
  const program = typeof path === 'string' ? saved.get(path) : undefined;
  if (program === undefined) throw new TypeError(noSuchTool(nameOf(path), [...saved.keys()]));
  return admit(program.declared.path, program.inputSchema, program.declared, args, maxInputValues);
}

/** A program may pass anything as a name. */
function nameOf(path: unknown): string {
  return typeof path === 'string' ? path.slice(0, 200) : `of type ${typeof path}`;
}

export function messageOf(error: unknown): string {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return text.slice(0, 2_000);
}
