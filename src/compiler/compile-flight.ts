import type { Compilation, CompileRequestOptions, HandlerOutcome } from '../protocol/compile.js';

/**
 * A pending lookup that ends in a compilation if nothing is found. However many calls wait, it happens once.
 * Each call waits in the queue of its own tenant, and no longer than it may.
 */
export class Flight<T> {
  readonly #result: Promise<T>;
  /** The compilation to wait for; undefined if the handler was found. */
  readonly #begun: Promise<Compilation | undefined>;

  /**
   * @param run looks the handler up; if there is none, passes the prepared compilation to `begin` and uses
   *   its outcome
   * @param onEnd called before the waiting calls are settled
   */
  constructor(run: (begin: (compilation: Compilation) => Promise<HandlerOutcome>) => Promise<T>, onEnd: () => void) {
    let noteBegun!: (compilation: Compilation | undefined) => void;
    this.#begun = new Promise((resolve) => {
      noteBegun = resolve;
    });
    const begin = (compilation: Compilation) => {
      noteBegun(compilation);
      return compilation.outcome;
    };
    this.#result = run(begin).finally(() => {
      onEnd();
      noteBegun(undefined);
    });
    // All waiting calls may have given up.
    this.#result.catch(() => {});
  }

  /**
   * @param order options of the waiting call
   * @returns the result, or the reason why there is none, for example a lost worker. A later call may then
   *   succeed
   * @throws NexusError POOL_SATURATED if this call reached its `queueTimeoutMs`
   */
  async wait(order: CompileRequestOptions | undefined): Promise<Landing<T>> {
    await (await this.#begun)?.join(order);
    try {
      return { result: await this.#result };
    } catch (failure) {
      return { failure };
    }
  }
}

export type Landing<T> = { readonly result: T } | { readonly failure: unknown };
