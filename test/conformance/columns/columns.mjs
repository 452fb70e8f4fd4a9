// The engines that are compared. Each runs the body of a handler in the product's wrapper and reports its
// outcome: `{ kind, value, name, message, place }`, where kind is value, throw, syntax, compiled, unhandled,
// pending, limit or crash.

import { Child } from './child.mjs';
import { newestNode } from './nodes.mjs';

export const COLUMNS = ['product', 'unmodified', 'node'];

const TIMEOUT_MS = 10_000;
const FILENAME = 'handler.js';
const LIMITS = { memoryLimitBytes: 256 * 2 ** 20, stackSizeBytes: 512 * 2 ** 10 };
/** Nothing is compiled twice. */
const CACHE_BYTES = 2 ** 20;

/**
 * @param name one of {@link COLUMNS}
 * @param library the product: `createRuntime`, `wrapHandler` and `toAuthorLocation`, from the sources or as built
 * @param options of the runtime, for the product
 */
export async function openColumnOf(name, library, options = {}) {
  switch (name) {
    case 'product':
      return new Product(
        await library.createRuntime({
          cacheDir: false,
          maxCacheSizeBytes: CACHE_BYTES,
          metrics: false,
          timeoutMs: TIMEOUT_MS,
          ...LIMITS,
          ...options,
        }),
      );
    case 'unmodified':
      return new Peer(
        'unmodified engine',
        library,
        new Child(process.execPath, new URL('unmodified-child.mjs', import.meta.url)),
      );
    case 'node': {
      const node = newestNode();
      return new Peer(
        `Node ${node.version}`,
        library,
        new Child(node.path, new URL('node-child.mjs', import.meta.url)),
      );
    }
    default:
      throw new Error(`There is no engine "${name}": ${COLUMNS.join(', ')}.`);
  }
}

/** Before what was thrown. */
const UNHANDLED = /^.*and not handled: /;

class Peer {
  title;
  #library;
  #child;

  constructor(title, library, child) {
    this.title = title;
    this.#library = library;
    this.#child = child;
  }

  async run(body, { isCompiled = false, filename = FILENAME, timeoutMs = TIMEOUT_MS } = {}) {
    const { wrapHandler, toAuthorLocation } = this.#library;
    const outcome = await this.#child.run({ script: wrapHandler(body), isCompiled, filename, timeoutMs });
    const inScript = placeIn(outcome, filename);
    const place = inScript && toAuthorLocation(inScript, body);
    return place === undefined ? outcome : { ...outcome, place };
  }

  async close() {
    this.#child.close();
  }
}

/** Where an error is, in the script: what its stack says, or, of one that does not compile, what Node marks. */
function placeIn({ kind, stack }, filename) {
  const [text = '', line, column] = new RegExp(`${filename}:(\\d+)(?::(\\d+))?`).exec(stack) ?? [];
  if (text === '') return undefined;
  const marked =
    kind === 'syntax' && column === undefined ? (stack.split('\n')[2] ?? '').indexOf('^') + 1 : Number(column);
  return { line: Number(line), column: marked };
}

/** Through the public interface: compiled, cached, executed in a worker from the image, its outcome read. */
class Product {
  title = 'product';
  #runtime;

  constructor(runtime) {
    this.#runtime = runtime;
  }

  async run(body, { isCompiled = false, filename = FILENAME, context = {}, timeoutMs = TIMEOUT_MS } = {}) {
    if (isCompiled) {
      return this.#runtime.precompileHandler(body, { filename }).then(
        () => ({ kind: 'compiled' }),
        ({ code, message, context: { location } }) => refused(code, message, location),
      );
    }
    try {
      const result = await this.#runtime.executeHandler(body, context, { filename, timeoutMs });
      if (result.status === 'success') return { kind: 'value', value: result.returnValue };
      return result.status === 'suspended' ? { kind: 'pending' } : failed(result.error);
    } catch (error) {
      return { kind: 'crash', message: `${error.code}: ${error.message}` };
    }
  }

  close() {
    return this.#runtime.shutdown({ drainTimeoutMs: 1_000 });
  }
}

function refused(code, message, place) {
  return {
    kind: code === 'COMPILATION_ERROR' || code === 'INVALID_HANDLER' ? 'syntax' : 'limit',
    name: code,
    message,
    place,
  };
}

function failed({ code, message, context = {}, location: place, stack }) {
  switch (code) {
    case 'COMPILATION_ERROR':
    case 'INVALID_HANDLER':
      return refused(code, message, place);
    case 'DEADLOCK':
      return { kind: 'pending' };
    case 'EXECUTION_ERROR': {
      const kind = context.unhandledRejections === undefined ? 'throw' : 'unhandled';
      const { thrown } = context;
      if (typeof thrown === 'object' && thrown !== null)
        return { kind, name: String(thrown.name), message: String(thrown.message), place };
      const [, name = 'value', text = message] = /^(\w*): ?(.*)$/s.exec(message.replace(UNHANDLED, '')) ?? [];
      return { kind, name, message: text, place, stack };
    }
    default:
      return { kind: 'limit', name: code, message, place };
  }
}
