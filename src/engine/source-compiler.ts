import type { ScriptOutcome } from '../protocol/compile.js';
import { composed, originalOf } from '../source/forms/rewriting.js';
import { lower, mayUse } from '../source/lowering/lower.js';
import type { Piece } from '../source/lowering/writer.js';
import { isAcornError, parseScript } from '../source/parse-script.js';
import type { ScriptProblem } from '../source/script-problem.js';
import { SourceLines } from '../source/source-lines.js';
import { Count } from './binary-interface.js';
import { captureImage, type Image } from './image/image.js';
import { wipe } from './image/restore.js';
import type { EngineModule } from './load-engine.js';
import { encodePlaces } from './source-places.js';
import { GuestException, VmPoisonedError } from './vm/vm-errors.js';
import { Vm } from './vm.js';

/** Parsing needs several times the size of the source; this is enough for the largest accepted source. */
const COMPILER_MEMORY_BYTES = 512 * 1024 * 1024;
/** An instance that grew beyond this is replaced: wiping it would take longer than creating another. */
const RETAINED_MEMORY_BYTES = 16 * 1024 * 1024;

/** Errors of the parser and of the code generator. */
const STACK_OVERFLOW = /^(?:stack overflow|Maximum call stack size exceeded)$/;
const TOO_DEEP: ScriptProblem = { kind: 'nesting', message: 'the source is nested too deeply' };

const REMEDY = 'split it into several functions';
const EXCEEDED: Readonly<Record<number, ScriptProblem>> = {
  [Count.references]: {
    kind: 'count',
    message: `a function refers to more than 65534 globals and variables of other functions; ${REMEDY}, or put the values into an object or an array`,
  },
  [Count.variables]: {
    kind: 'count',
    message: `a function has more than 65534 variables; ${REMEDY}, or put the values into an object or an array`,
  },
  [Count.scopes]: { kind: 'count', message: `a function has more than 65534 blocks; ${REMEDY}` },
};
const FAILED = "the engine's compiler failed on it; write it in another form, in smaller functions";

interface Compilation {
  readonly outcome: ScriptOutcome;
  /** Notes of the compiler, see `mends/notes.ts`. */
  readonly notes: number;
}

/** The form in which a script is compiled. */
export interface LoweredForm {
  readonly script: string;
  readonly pieces: readonly Piece[];
}

/**
 * Compiles scripts to bytecode in a dedicated VM. It has the parser, executes nothing that it parses, and
 * starts from the same image each time, so that the same text always gives the same bytes.
 */
export class SourceCompiler {
  readonly #engine: EngineModule;
  readonly #stackSizeBytes: number;
  #vm: Vm;
  #image: Image;
  /** Whether the VM holds what is left of a source. */
  #isUsed = false;

  static async create(engine: EngineModule, stackSizeBytes: number): Promise<SourceCompiler> {
    return new SourceCompiler(engine, stackSizeBytes, await createVm(engine, stackSizeBytes));
  }

  private constructor(engine: EngineModule, stackSizeBytes: number, vm: Vm) {
    this.#engine = engine;
    this.#stackSizeBytes = stackSizeBytes;
    this.#vm = vm;
    this.#image = captureImage(vm);
  }

  /** Linear memory, in bytes. */
  get memoryBytes(): number {
    return this.#vm.heap.length;
  }

  /** A script of ours, whose functions are left out of the stacks of errors. */
  async compileHidden(source: string, filename: string): Promise<ScriptOutcome> {
    return (await this.#compileOnce(source, filename, undefined, true)).outcome;
  }

  /**
   * Where the engine compiles something wrongly, or does not know it, the source is compiled in another form, see `src/source/lowering/`.
   *
   * @param form if the source is itself written of another script
   */
  async compile(source: string, filename: string, form?: LoweredForm): Promise<ScriptOutcome> {
    const first = await this.#compileOnce(source, filename, form);
    const { outcome } = first;
    const isToLower = outcome.ok ? first.notes !== 0 : outcome.problem.kind === 'syntax' && mayUse(source);
    const inScript = (problem: ScriptProblem) => (form === undefined ? problem : placedInScript(problem, source, form));
    if (!isToLower) return outcome.ok ? outcome : { ok: false, problem: withPlace(outcome.problem, source, inScript) };
    const lowered = lower(source);
    switch (lowered.kind) {
      case 'unchanged':
        return outcome.ok ? outcome : { ok: false, problem: inScript(outcome.problem) };
      case 'refused':
        return { ok: false, problem: inScript(lowered.problem) };
      case 'unreadable':
        return { ok: false, problem: inScript(outcome.ok ? lowered.problem : outcome.problem) };
      case 'lowered': {
        const script = form?.script ?? source;
        const pieces = form === undefined ? lowered.pieces : composed(lowered.pieces, form.pieces);
        return (await this.#compileOnce(lowered.text, filename, { script, pieces })).outcome;
      }
      default:
        throw lowered satisfies never;
    }
  }

  async #compileOnce(source: string, filename: string, form?: LoweredForm, isHidden = false): Promise<Compilation> {
    let outcome: ScriptOutcome;
    let notes = 0;
    this.tidy();
    this.#isUsed = true;
    try {
      if (form !== undefined) this.#vm.usePlaces(encodePlaces(form.script, form.pieces), Buffer.from(form.script));
      outcome = { ok: true, bytecode: this.#vm.writeBytecode(this.#vm.compile(source, filename, isHidden)) };
    } catch (error) {
      outcome = { ok: false, problem: this.#problemOf(error, filename) };
    } finally {
      notes = this.#vm.takeNotes();
      this.#vm.useOwnPlaces();
      if (this.#vm.poison !== undefined || this.#vm.heap.length > RETAINED_MEMORY_BYTES) await this.#replace();
    }
    return { outcome, notes };
  }

  #problemOf(error: unknown, filename: string): ScriptProblem {
    if (error instanceof GuestException) return this.#describe(error, filename);
    if (error instanceof VmPoisonedError && error.isStackOverflow) return TOO_DEEP;
    if (this.#vm.heapExhausted) return { kind: 'memory', message: 'out of memory' };
    if (!(error instanceof VmPoisonedError)) throw error;
    const exceeded = EXCEEDED[this.#vm.takeExceededCount()];
    // The compiler's VM starts afresh with every source, so a failure is caused by this source. The next one
    // gets another VM.
    return exceeded ?? { kind: 'engine', message: `${FAILED} (${reasonOf(error)})` };
  }

  #describe(error: GuestException, filename: string): ScriptProblem {
    const { message = '', stack = '' } = this.#vm.dump(error.error) as { message?: string; stack?: string };
    if (message === 'out of memory') return { kind: 'memory', message };
    if (STACK_OVERFLOW.test(message)) return TOO_DEEP;
    const position = positionIn(stack, filename);
    return { kind: 'syntax', message, ...position };
  }

  /**
   * Wipes the VM after a source. The next source may be another tenant's, and the parser has flaws like the rest of the
   * engine. A caller that waits for bytecode does not wait for this: it is done at the latest before the next source.
   */
  tidy(): void {
    if (!this.#isUsed) return;
    this.#isUsed = false;
    wipe(this.#vm, this.#image);
    this.#vm.beginRun();
  }

  async #replace(): Promise<void> {
    this.#isUsed = false;
    this.#vm = await createVm(this.#engine, this.#stackSizeBytes);
    this.#image = captureImage(this.#vm);
  }
}

function createVm(engine: EngineModule, stackSizeBytes: number): Promise<Vm> {
  return Vm.create(engine, { memoryLimitBytes: COMPILER_MEMORY_BYTES, stackSizeBytes, purpose: 'compilation' });
}

function reasonOf({ cause, message }: VmPoisonedError): string {
  return cause instanceof Error ? cause.message : message;
}

/** For some errors the engine knows no place; then acorn's place is used. */
function withPlace(
  problem: ScriptProblem,
  source: string,
  inScript: (problem: ScriptProblem) => ScriptProblem,
): ScriptProblem {
  if (problem.kind !== 'syntax' || problem.line !== undefined) return inScript(problem);
  try {
    parseScript(source);
  } catch (error) {
    if (isAcornError(error)) return inScript({ ...problem, ...new SourceLines(source).engineAt(error.pos) });
  }
  return problem;
}

/** The place of a syntax error in a form, as one in the script that it is a form of. The engine maps only places of code. */
function placedInScript(problem: ScriptProblem, text: string, { script, pieces }: LoweredForm): ScriptProblem {
  const { line, column } = problem;
  if (line === undefined || column === undefined) return problem;
  const lines = new SourceLines(text);
  const offset = lines.offsetOf(lines.fromEngine({ line, column })) ?? text.length;
  return { ...problem, ...new SourceLines(script).engineAt(originalOf(pieces, offset)) };
}

/** The engine reports the place of a syntax error in its stack: `    at handler.js:3:7`. */
function positionIn(stack: string, filename: string): { line: number; column: number } | undefined {
  // The message before it may contain any text of the source.
  const line = stack.split('\n').findLast((candidate) => candidate.includes(`${filename}:`));
  const match = line === undefined ? null : /:(\d+):(\d+)\)?$/.exec(line.trimEnd());
  return match === null ? undefined : { line: Number(match[1]), column: Number(match[2]) };
}
