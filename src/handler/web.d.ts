// The web globals of a handler. Globals that it does not have, such as streams and the DOM, are not declared.

declare var console: {
  log(...parts: unknown[]): void;
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
  trace(...parts: unknown[]): void;
  assert(condition?: unknown, ...parts: unknown[]): void;
  dir(value: unknown, options?: { readonly depth?: number | null }): void;
  dirxml(...parts: unknown[]): void;
  table(value: unknown, columns?: readonly string[]): void;
  group(...parts: unknown[]): void;
  groupCollapsed(...parts: unknown[]): void;
  groupEnd(): void;
  time(label?: string): void;
  timeLog(label?: string, ...parts: unknown[]): void;
  timeEnd(label?: string): void;
  count(label?: string): void;
  countReset(label?: string): void;
};

declare function queueMicrotask(callback: () => void): void;
declare function setTimeout<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
  delay?: number,
  ...args: Args
): number;
declare function setInterval<Args extends unknown[]>(
  callback: (...args: Args) => unknown,
  delay?: number,
  ...args: Args
): number;
declare function clearTimeout(id?: number): void;
declare function clearInterval(id?: number): void;
/** Waits for milliseconds, or for a duration such as `'90s'` or `'3d'`. */
declare function $sleep(duration: number | string, options?: { signal?: AbortSignal }): Promise<void>;
/** Waits until a date: a Date, a text, or milliseconds since the epoch. */
declare function $sleepUntil(date: Date | string | number, options?: { signal?: AbortSignal }): Promise<void>;

/**
 * Waits for a signal to the run, which `run.signal(name, payload)` sends. One that came before is not missed. With `timeout`, in milliseconds or
 * as `'3d'`, the promise is rejected with an error named `TimeoutError`.
 */
declare function $signal<T = unknown>(
  name: string,
  options?: { timeout?: number | string; signal?: AbortSignal },
): Promise<T>;

declare var scheduler: {
  wait(delay: number, options?: { signal?: AbortSignal }): Promise<void>;
};
declare function structuredClone<T>(value: T, options?: { transfer?: ArrayBuffer[] }): T;
declare function atob(data: string): string;
declare function btoa(data: string): string;

declare var performance: {
  /** The start of the execution, in milliseconds since the epoch. */
  readonly timeOrigin: number;
  /** Whole milliseconds since the start of the execution. */
  now(): number;
  toJSON(): { timeOrigin: number };
};

declare var crypto: {
  getRandomValues<
    T extends
      | Int8Array
      | Uint8Array
      | Uint8ClampedArray
      | Int16Array
      | Uint16Array
      | Int32Array
      | Uint32Array
      | BigInt64Array
      | BigUint64Array,
  >(array: T): T;
  randomUUID(): `${string}-${string}-${string}-${string}-${string}`;
  readonly subtle: SubtleCrypto;
  /** Compares bytes of one length in a time that does not depend on their content. Not of the web. */
  timingSafeEqual(a: BufferSource, b: BufferSource): boolean;
};

type BufferSource = ArrayBuffer | ArrayBufferView;
type HashIdentifier = 'SHA-1' | 'SHA-256' | 'SHA-384' | 'SHA-512' | { name: string };
type KeyUsage = 'encrypt' | 'decrypt' | 'sign' | 'verify' | 'deriveKey' | 'deriveBits' | 'wrapKey' | 'unwrapKey';
type AesGcmParams = { name: 'AES-GCM'; iv: BufferSource; additionalData?: BufferSource; tagLength?: number };
type HkdfParams = { name: 'HKDF'; hash: HashIdentifier; salt: BufferSource; info: BufferSource };
type HmacKeyParams = { name: 'HMAC'; hash: HashIdentifier; length?: number };
type AesKeyParams = { name: 'AES-GCM'; length: 128 | 192 | 256 };

interface JsonWebKey {
  kty?: string;
  k?: string;
  alg?: string;
  use?: string;
  key_ops?: string[];
  ext?: boolean;
}

/** A secret key. It cannot leave the VM; `exportKey` gives its bytes. */
declare class CryptoKey {
  private constructor();
  readonly type: 'secret';
  readonly extractable: boolean;
  readonly algorithm: { readonly name: string; readonly length?: number; readonly hash?: { readonly name: string } };
  readonly usages: KeyUsage[];
}

/** Digests, HMAC, AES-GCM and HKDF. Anything else is a NotSupportedError. */
interface SubtleCrypto {
  digest(algorithm: HashIdentifier, data: BufferSource): Promise<ArrayBuffer>;
  generateKey(
    algorithm: HmacKeyParams | AesKeyParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  importKey(
    format: 'raw',
    data: BufferSource,
    algorithm: 'AES-GCM' | 'HKDF' | { name: 'AES-GCM' } | { name: 'HKDF' } | HmacKeyParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  importKey(
    format: 'jwk',
    data: JsonWebKey,
    algorithm: 'AES-GCM' | { name: 'AES-GCM' } | HmacKeyParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  exportKey(format: 'raw', key: CryptoKey): Promise<ArrayBuffer>;
  exportKey(format: 'jwk', key: CryptoKey): Promise<JsonWebKey>;
  sign(algorithm: 'HMAC' | { name: 'HMAC' }, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  verify(
    algorithm: 'HMAC' | { name: 'HMAC' },
    key: CryptoKey,
    signature: BufferSource,
    data: BufferSource,
  ): Promise<boolean>;
  encrypt(algorithm: AesGcmParams, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  decrypt(algorithm: AesGcmParams, key: CryptoKey, data: BufferSource): Promise<ArrayBuffer>;
  deriveBits(algorithm: HkdfParams, key: CryptoKey, length: number): Promise<ArrayBuffer>;
  deriveKey(
    algorithm: HkdfParams,
    key: CryptoKey,
    derived: HmacKeyParams | AesKeyParams,
    extractable: boolean,
    usages: readonly KeyUsage[],
  ): Promise<CryptoKey>;
  /** `crypto.timingSafeEqual` */
  timingSafeEqual(a: BufferSource, b: BufferSource): boolean;
}

declare class DOMException extends Error {
  constructor(message?: string, nameOrOptions?: string | { name?: string; cause?: unknown });
  /** 0 for a name without a number. */
  readonly code: number;
}

declare class TextEncoder {
  readonly encoding: 'utf-8';
  encode(input?: string): Uint8Array<ArrayBuffer>;
  encodeInto(source: string, destination: Uint8Array): { read: number; written: number };
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  readonly encoding: string;
  readonly fatal: boolean;
  readonly ignoreBOM: boolean;
  decode(input?: ArrayBuffer | ArrayBufferView, options?: { stream?: boolean }): string;
}

declare class URL {
  static canParse(url: string | URL, base?: string | URL): boolean;
  static parse(url: string | URL, base?: string | URL): URL | null;
  constructor(url: string | URL, base?: string | URL);
  href: string;
  readonly origin: string;
  protocol: string;
  username: string;
  password: string;
  host: string;
  hostname: string;
  port: string;
  pathname: string;
  search: string;
  readonly searchParams: URLSearchParams;
  hash: string;
  toString(): string;
  toJSON(): string;
}

declare class URLSearchParams implements Iterable<[string, string]> {
  constructor(init?: string | URLSearchParams | Record<string, string> | Iterable<readonly [string, string]>);
  readonly size: number;
  append(name: string, value: string): void;
  delete(name: string, value?: string): void;
  get(name: string): string | null;
  getAll(name: string): string[];
  has(name: string, value?: string): boolean;
  set(name: string, value: string): void;
  sort(): void;
  forEach(callback: (value: string, name: string, params: URLSearchParams) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  toString(): string;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

declare class AbortController {
  constructor();
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}

type AbortListener = (event: { readonly type: string; readonly target: AbortSignal | null }) => unknown;

declare class AbortSignal {
  private constructor();
  static abort(reason?: unknown): AbortSignal;
  static any(signals: Iterable<AbortSignal>): AbortSignal;
  static timeout(milliseconds: number): AbortSignal;
  readonly aborted: boolean;
  readonly reason: unknown;
  onabort: AbortListener | null;
  throwIfAborted(): void;
  addEventListener(
    type: 'abort',
    listener: AbortListener | null,
    options?: { once?: boolean; signal?: AbortSignal },
  ): void;
  removeEventListener(type: 'abort', listener: AbortListener | null): void;
  dispatchEvent(event: { readonly type: string }): boolean;
}

type HeadersInit = Headers | Record<string, string> | Iterable<readonly [string, string]>;
type BodyInit = string | ArrayBuffer | ArrayBufferView | URLSearchParams;

declare class Headers implements Iterable<[string, string]> {
  constructor(init?: HeadersInit);
  append(name: string, value: string): void;
  delete(name: string): void;
  get(name: string): string | null;
  getSetCookie(): string[];
  has(name: string): boolean;
  set(name: string, value: string): void;
  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg?: unknown): void;
  entries(): IterableIterator<[string, string]>;
  keys(): IterableIterator<string>;
  values(): IterableIterator<string>;
  [Symbol.iterator](): IterableIterator<[string, string]>;
}

interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: BodyInit | null;
  redirect?: 'follow' | 'error' | 'manual';
  signal?: AbortSignal | null;
}

declare class Request {
  constructor(input: string | URL | Request, init?: RequestInit);
  readonly url: string;
  readonly method: string;
  readonly headers: Headers;
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly signal: AbortSignal;
  clone(): Request;
  readonly body: null;
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: as the web declares it
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

declare class Response {
  static error(): Response;
  static json(data: unknown, init?: { status?: number; statusText?: string; headers?: HeadersInit }): Response;
  static redirect(url: string | URL, status?: number): Response;
  constructor(body?: BodyInit | null, init?: { status?: number; statusText?: string; headers?: HeadersInit });
  readonly type: string;
  readonly url: string;
  readonly redirected: boolean;
  readonly status: number;
  readonly ok: boolean;
  readonly statusText: string;
  readonly headers: Headers;
  clone(): Response;
  readonly body: null;
  readonly bodyUsed: boolean;
  text(): Promise<string>;
  // biome-ignore lint/suspicious/noExplicitAny: as the web declares it
  json(): Promise<any>;
  arrayBuffer(): Promise<ArrayBuffer>;
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

declare function fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
