import type { CallResult } from '../../api/answers.js';
import type { Extension } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import { withCall } from './current-call.js';

export interface ExtensionCallsOptions {
  /** Makes a call; it may throw. */
  readonly answer: (call: ExtensionCall) => Promise<unknown>;
  /** For one call. */
  readonly callTimeoutMs: number;
  /** What the keys of the calls begin with. */
  readonly runId: string;
  /** Ends all calls, and no other begins. */
  readonly stop: AbortSignal;
}

/** The calls of one run: begun once each, and their answers, until the handler has them. */
export class ExtensionCalls {
  readonly #options: ExtensionCallsOptions;
  /** Under way, by call id. */
  readonly #begun = new Map<string, AbortController>();
  /** In the order in which they came, by call id. */
  readonly #answers = new Map<string, CallResult>();
  #onAnswer: (() => void) | undefined;

  constructor(options: ExtensionCallsOptions) {
    this.#options = options;
    options.stop.addEventListener('abort', () => this.abort(options.stop.reason), { once: true });
  }

  /** Whether it is under way, or its answer is there. */
  has(callId: string): boolean {
    return this.#begun.has(callId) || this.#answers.has(callId);
  }

  /** Makes those that were not made before. */
  begin(calls: readonly ExtensionCall[]): void {
    for (const call of calls) {
      // An extension may itself have called it off.
      if (this.#options.stop.aborted) return;
      if (!this.has(call.callId)) this.#begin(call);
    }
  }

  /** Waits for the answer to one of the calls and takes all that are there then: none when the run was called off before. */
  async next(calls: readonly ExtensionCall[]): Promise<CallResult[]> {
    await this.#until(() => calls.some(({ callId }) => this.#answers.has(callId)));
    // Those that settled at the same time.
    await new Promise((resolve) => setImmediate(resolve));
    const waiting = new Set(calls.map(({ callId }) => callId));
    return [...this.#answers.values()].filter(({ callId }) => waiting.has(callId));
  }

  /** Waits until all of the calls are answered, or the run is called off. */
  async settled(calls: readonly ExtensionCall[]): Promise<void> {
    await this.#until(() => calls.every(({ callId }) => !this.#begun.has(callId)));
  }

  /** The handler has these answers. */
  forget(answers: readonly CallResult[]): void {
    for (const { callId } of answers) this.#answers.delete(callId);
  }

  /** Ends the calls under way. Their extensions are told; whether they listen is not waited for. */
  abort(reason: unknown): void {
    for (const controller of this.#begun.values()) controller.abort(reason);
  }

  async #until(isReached: () => boolean): Promise<void> {
    // Calls that are called off have an answer, too.
    while (!isReached() && this.#begun.size > 0) {
      await new Promise<void>((resolve) => {
        this.#onAnswer = resolve;
      });
    }
  }

  #begin(call: ExtensionCall): void {
    const { callId } = call;
    const controller = new AbortController();
    this.#begun.set(callId, controller);
    void this.#answer(call, controller).then((answer) => {
      this.#begun.delete(callId);
      this.#answers.set(callId, answer);
      this.#onAnswer?.();
    });
  }

  async #answer(call: ExtensionCall, controller: AbortController): Promise<CallResult> {
    const { answer, callTimeoutMs, runId } = this.#options;
    const { callId } = call;
    const name = nameOf(call);
    const timer = setTimeout(() => controller.abort(new CallTimeoutError(name, callTimeoutMs)), callTimeoutMs);
    const { signal } = controller;
    try {
      const aborted = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      const answered = withCall({ key: `${runId}:${callId}`, signal }, () => answer(call));
      return { callId, success: true, value: await Promise.race([answered, aborted]) };
    } catch (error) {
      controller.abort(error);
      return { callId, success: false, error };
    } finally {
      clearTimeout(timer);
    }
  }
}

/**
 * Calls a method of an extension.
 *
 * @param extensions by name
 * @throws TypeError when there is no such method, and what it throws
 */
export async function callExtension(
  extensions: Readonly<Record<string, Extension>>,
  call: ExtensionCall,
): Promise<unknown> {
  const { extensionName, method, args } = call;
  const extension = Object.hasOwn(extensions, extensionName) ? extensions[extensionName] : undefined;
  // What every object inherits is no method of an extension.
  const isMethod = extension !== undefined && methodNamesOf(extension).includes(method);
  if (!isMethod) throw new TypeError(`There is no extension method ${nameOf(call)}`);
  const implementation: unknown = Reflect.get(extension, method);
  if (typeof implementation !== 'function') throw new TypeError(`There is no extension method ${nameOf(call)}`);
  return Reflect.apply(implementation, extension, args);
}

/** As the handler writes it. */
function nameOf({ extensionName, method }: ExtensionCall): string {
  return `$ext.${extensionName}.${method}`;
}

/** What a handler sees when its extension does not answer. */
class CallTimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(name: string, callTimeoutMs: number) {
    super(`${name} did not answer within callTimeoutMs (${callTimeoutMs} ms)`);
  }
}
