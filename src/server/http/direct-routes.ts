import type { IncomingMessage, ServerResponse } from 'node:http';

import { DirectExchange } from './exchange.js';
import type { Pipeline, Route } from './pipeline.js';

/** A name that is written in a path as it is. */
const PLAIN_NAME = /^[\w-]+(?:[./][\w-]+)*$/;

export interface DirectRoutesOptions {
  readonly basePath: string;
  readonly maxBodyBytes: number;
  readonly execute: Route;
  readonly handler: Route;
}

/**
 * The routes that handlers are executed by, past the objects of the web: they take most requests, and are most of the time of
 * a short one. All other requests are routed.
 */
export class DirectRoutes {
  readonly #pipeline: Pipeline;
  readonly #options: DirectRoutesOptions;
  readonly #executePath: string;
  readonly #handlersPath: string;

  constructor(pipeline: Pipeline, options: DirectRoutesOptions) {
    this.#pipeline = pipeline;
    this.#options = options;
    this.#executePath = `${options.basePath}/execute`;
    this.#handlersPath = `${options.basePath}/handlers/`;
  }

  /** @returns whether it takes the request */
  take(incoming: IncomingMessage, outgoing: ServerResponse): boolean {
    const { url = '', method, headers } = incoming;
    if (method !== 'POST') return false;
    const { maxBodyBytes, execute, handler } = this.#options;
    // One without a length, or too large to be read to its end, needs more care.
    const length = headers['content-length'];
    if (length === undefined || Number(length) > maxBodyBytes) return false;
    if (headers.authorization !== undefined && isRepeated(incoming.rawHeaders, 'authorization')) return false;
    if (url === this.#executePath) {
      void this.#pipeline.direct(new DirectExchange(incoming, outgoing, url, undefined), 'execute', execute);
      return true;
    }
    if (!url.startsWith(this.#handlersPath) || headers.accept?.includes('text/event-stream')) return false;
    const name = url.slice(this.#handlersPath.length);
    if (!PLAIN_NAME.test(name)) return false;
    void this.#pipeline.direct(new DirectExchange(incoming, outgoing, url, name), 'execute', handler);
    return true;
  }
}

/** Node takes the first of several, where another server takes the last. */
function isRepeated(rawHeaders: readonly string[], name: string): boolean {
  let count = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) if (rawHeaders[i]?.toLowerCase() === name) count++;
  return count > 1;
}
