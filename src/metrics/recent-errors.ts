import type { EventOrigin } from '../api/observing/observer.js';
import type { RecentError } from '../api/observing/recent-error.js';
import type { WasmError } from '../api/result.js';
import { cutCopy } from '../support/cut-copy.js';
import type { Mutable } from '../support/mutable.js';

/** Kinds that are kept. */
const MAX_KINDS = 50;
const MAX_MESSAGE = 1_000;
const MAX_SNIPPET = 2_000;
const MAX_NAME = 200;

/** The errors that handlers had last, by kind. What succeeds costs nothing; an error costs a lookup. */
export class RecentErrors {
  readonly #now: () => number;
  /** By kind; the latest is last. */
  readonly #kinds = new Map<string, Mutable<RecentError>>();
  #lastId = 0;

  /** @param now milliseconds since the epoch */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  add({ code, message, location, snippet }: WasmError, { handlerName, panelId, tenant }: EventOrigin): void {
    const short = cutCopy(message, MAX_MESSAGE);
    const names = [handlerName, panelId, tenant].map((name) => name && cutCopy(name, MAX_NAME));
    const kind = JSON.stringify([code, short, ...names, location?.line, location?.column]);
    const lastAt = new Date(this.#now());
    const known = this.#kinds.get(kind);
    if (known !== undefined) {
      known.count++;
      known.lastAt = lastAt;
      this.#kinds.delete(kind);
      this.#kinds.set(kind, known);
      return;
    }
    const [handler, panel, owner] = names;
    this.#kinds.set(kind, {
      ...{ id: ++this.#lastId, code, message: short, count: 1, firstAt: lastAt, lastAt },
      ...(handler !== undefined && { handlerName: handler }),
      ...(panel !== undefined && { panelId: panel }),
      ...(owner !== undefined && { tenant: owner }),
      ...(location !== undefined && {
        location: { ...location, ...(location.file && { file: cutCopy(location.file, MAX_NAME) }) },
      }),
      ...(snippet !== undefined && { snippet: cutCopy(snippet, MAX_SNIPPET) }),
    });
    if (this.#kinds.size > MAX_KINDS) this.#kinds.delete(this.#kinds.keys().next().value as string);
  }

  /** The latest first. */
  list(): readonly RecentError[] {
    return [...this.#kinds.values()].reverse().map((kind) => ({ ...kind }));
  }
}
