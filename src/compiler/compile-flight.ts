import type { Compilation, CompileRequestOptions, HandlerOutcome } from '../protocol/compile.js';

/**
 * A look-up under way that ends in a compilation when nothing is found. However many calls wait, it happens once; each waits in the
 * queue of its own tenant, and for no longer than it may.
 */
export class Flight<T> {
  readonly #result: Promise<T>;
  /** What there is to wait for first; undefined when it was found. */
  readonly #begun: Promise<Compilation | undefined>;

  /**
   * @param run looks it up; when there is none, hands over the compilation that was prepared and goes on with its outcome
   * @param onEnd called before whoever waits is told
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
    // Everybody who waited may have given up.
    this.#result.catch(() => {});
  }

  /**
   * @param order of a call that waits for it
   * @returns the result, or why there is none: the worker was lost, say. A call that comes later may then have more luck
   * @throws NexusError POOL_SATURATED when this call waited for as long as it may
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
