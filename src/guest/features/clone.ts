import { TYPED_ARRAYS } from '../abi.js';
import { kindOf } from './clone/kinds.js';
import { type DOMExceptionConstructor, exceptionsOf, type FeatureHost } from './feature.js';

type Keyed = Record<string, unknown>;
type View = ArrayBufferView & { readonly length?: number };

const ERROR_TYPES: Record<string, ErrorConstructor> = {
  Error,
  EvalError,
  RangeError,
  ReferenceError,
  SyntaxError,
  TypeError,
  URIError,
};
const VIEW_TYPES = new Map<string, new (buffer: ArrayBuffer, byteOffset: number, length?: number) => object>(
  [...TYPED_ARRAYS.filter((type) => type !== undefined), DataView].map((type) => [type.name, type]),
);

/** One call of `structuredClone`: https://html.spec.whatwg.org/#structuredserializeinternal, in one pass. */
class Cloning {
  readonly #copies = new Map<object, object>();
  readonly #DOMException: DOMExceptionConstructor;

  constructor(DOMException: DOMExceptionConstructor) {
    this.#DOMException = DOMException;
  }

  clone(value: unknown): unknown {
    if (typeof value === 'function' || typeof value === 'symbol') throw this.#refuse(value);
    if (typeof value !== 'object' || value === null) return value;
    const known = this.#copies.get(value);
    if (known !== undefined) return known;
    const kind = kindOf(value);
    switch (kind) {
      case 'object':
        return this.#members(value, this.#remember(value, {}));
      case 'array':
        return this.#array(value as unknown[]);
      case 'map':
        return this.#map(value as Map<unknown, unknown>);
      case 'set':
        return this.#set(value as Set<unknown>);
      case 'date':
        return this.#remember(value, new Date((value as Date).getTime()));
      case 'regexp':
        return this.#remember(value, new RegExp((value as RegExp).source, (value as RegExp).flags));
      case 'primitive':
        return this.#remember(value, Object((value as { valueOf(): unknown }).valueOf()));
      case 'error':
        return this.#error(value as Error);
      case 'buffer':
        return this.#buffer(value as ArrayBuffer);
      case 'view':
        return this.#view(value as View);
      case 'refused':
        throw this.#refuse(value);
      default:
        throw kind satisfies never;
    }
  }

  #remember<T extends object>(value: object, copy: T): T {
    this.#copies.set(value, copy);
    return copy;
  }

  #members(value: object, copy: object): object {
    const keys = Object.keys(value);
    for (let i = 0; i < keys.length; i++) {
      const key = keys[i] as string;
      // A getter of a previous member may have removed it.
      if (Object.hasOwn(value, key)) define(copy, key, this.clone((value as Keyed)[key]));
    }
    return copy;
  }

  #array(value: unknown[]): unknown[] {
    const copy = this.#remember(value, new Array(value.length));
    return this.#members(value, copy) as unknown[];
  }

  #map(value: Map<unknown, unknown>): Map<unknown, unknown> {
    const copy = this.#remember(value, new Map<unknown, unknown>());
    // A copy of the entries: a getter in one of them may change the map.
    for (const [key, item] of [...value]) copy.set(this.clone(key), this.clone(item));
    return copy;
  }

  #set(value: Set<unknown>): Set<unknown> {
    const copy = this.#remember(value, new Set<unknown>());
    for (const item of [...value]) copy.add(this.clone(item));
    return copy;
  }

  #error(value: Error): Error {
    const Type = ERROR_TYPES[`${value.name}`] ?? Error;
    const copy = this.#remember(value, new Type());
    const message = Object.getOwnPropertyDescriptor(value, 'message');
    if (message !== undefined && 'value' in message) hide(copy, 'message', `${message.value}`);
    if (typeof value.stack === 'string') hide(copy, 'stack', value.stack);
    if (Object.hasOwn(value, 'cause')) hide(copy, 'cause', this.clone(value.cause));
    return copy;
  }

  #buffer(value: ArrayBuffer): ArrayBuffer {
    const copy = new ArrayBuffer(value.byteLength);
    new Uint8Array(copy).set(new Uint8Array(value));
    return this.#remember(value, copy);
  }

  #view(value: View): object {
    const { byteOffset, byteLength, length } = value;
    const name = Object.prototype.toString.call(value).slice('[object '.length, -1);
    const Type = VIEW_TYPES.get(name) ?? (value.constructor as typeof Uint8Array);
    const buffer = this.clone(value.buffer) as ArrayBuffer;
    return this.#remember(value, new Type(buffer, byteOffset, length ?? byteLength));
  }

  #refuse(value: unknown): Error {
    const text = typeof value === 'object' ? Object.prototype.toString.call(value) : String(value);
    return new this.#DOMException(`${text} could not be cloned.`, 'DataCloneError');
  }
}

/**
 * Assigns where that has the same effect. An inherited property may be an accessor, and a descriptor costs as
 * much as everything else.
 */
function define(target: object, key: string, value: unknown): void {
  if (!(key in target)) {
    (target as Keyed)[key] = value;
    return;
  }
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

function hide(target: object, key: string, value: unknown): void {
  Object.defineProperty(target, key, { value, writable: true, configurable: true });
}

export default function install(host: FeatureHost): void {
  const DOMException = exceptionsOf(host);

  /** Buffers are copied like all other values: none is ever detached, see `prelude/hardening/buffers.ts`. */
  function checkTransferable(list: Iterable<unknown>): void {
    const buffers = new Set<unknown>();
    for (const item of list) {
      if (!(item instanceof ArrayBuffer) || buffers.has(item)) {
        throw new DOMException('Value could not be transferred.', 'DataCloneError');
      }
      buffers.add(item);
    }
  }

  function structuredClone(...args: [value?: unknown, options?: { transfer?: Iterable<unknown> } | null]): unknown {
    if (args.length === 0) throw new TypeError('The "value" argument must be specified');
    const { transfer } = args[1] ?? {};
    if (transfer !== undefined) checkTransferable(transfer);
    return new Cloning(DOMException).clone(args[0]);
  }

  Object.defineProperty(structuredClone, 'length', { value: 1 });
  host.define('structuredClone', structuredClone);
}
