import * as machine from 'whatwg-url/lib/url-state-machine.js';

import { asInterface, type FeatureHost } from './feature.js';
import { Opaque } from './opaque.js';
import { parseUrl } from './url/parse.js';
import { linkedParams, replacePairs, URLSearchParams } from './url/url-search-params.js';

const toText = (value: unknown): string => `${value}`.toWellFormed();
const toBase = (base: unknown): string | undefined => (base === undefined ? undefined : toText(base));

/** https://url.spec.whatwg.org/#url-class, over the reference implementation of the parser. */
class URL extends Opaque {
  #record: machine.UrlRecord;
  #params: URLSearchParams | undefined;

  static canParse(...args: [url?: unknown, base?: unknown]): boolean {
    demandUrl(args);
    return parseUrl(toText(args[0]), toBase(args[1])) !== null;
  }

  static parse(...args: [url?: unknown, base?: unknown]): URL | null {
    demandUrl(args);
    return URL.canParse(...args) ? new URL(...args) : null;
  }

  constructor(...args: [url?: unknown, base?: unknown]) {
    demandUrl(args);
    const input = toText(args[0]);
    const record = parseUrl(input, toBase(args[1]));
    if (record === null) throw invalid(input);
    super();
    this.#record = record;
  }

  get href(): string {
    return machine.serializeURL(this.#record);
  }

  set href(value: unknown) {
    const input = toText(value);
    const record = parseUrl(input);
    if (record === null) throw invalid(input);
    this.#record = record;
    this.#queryChanged();
  }

  get origin(): string {
    return machine.serializeURLOrigin(this.#record);
  }

  get protocol(): string {
    return `${this.#record.scheme}:`;
  }

  set protocol(value: unknown) {
    this.#parseInto(`${toText(value)}:`, 'scheme start');
  }

  get username(): string {
    return this.#record.username;
  }

  set username(value: unknown) {
    const text = toText(value);
    if (!machine.cannotHaveAUsernamePasswordPort(this.#record)) machine.setTheUsername(this.#record, text);
  }

  get password(): string {
    return this.#record.password;
  }

  set password(value: unknown) {
    const text = toText(value);
    if (!machine.cannotHaveAUsernamePasswordPort(this.#record)) machine.setThePassword(this.#record, text);
  }

  get host(): string {
    const { port } = this.#record;
    return port === null ? this.hostname : `${this.hostname}:${port}`;
  }

  set host(value: unknown) {
    const text = toText(value);
    if (!machine.hasAnOpaquePath(this.#record)) this.#parseInto(text, 'host');
  }

  get hostname(): string {
    const { host } = this.#record;
    return host === null ? '' : machine.serializeHost(host);
  }

  set hostname(value: unknown) {
    const text = toText(value);
    if (!machine.hasAnOpaquePath(this.#record)) this.#parseInto(text, 'hostname');
  }

  get port(): string {
    const { port } = this.#record;
    return port === null ? '' : `${port}`;
  }

  set port(value: unknown) {
    const text = toText(value);
    if (machine.cannotHaveAUsernamePasswordPort(this.#record)) return;
    if (text === '') this.#record.port = null;
    else this.#parseInto(text, 'port');
  }

  get pathname(): string {
    return machine.serializePath(this.#record);
  }

  set pathname(value: unknown) {
    const text = toText(value);
    if (machine.hasAnOpaquePath(this.#record)) return;
    this.#record.path = [];
    this.#parseInto(text, 'path start');
  }

  get search(): string {
    return prefixed('?', this.#record.query);
  }

  set search(value: unknown) {
    const text = toText(value);
    if (text === '') {
      this.#record.query = null;
    } else {
      this.#record.query = '';
      this.#parseInto(text.replace(/^\?/, ''), 'query');
    }
    this.#queryChanged();
  }

  get searchParams(): URLSearchParams {
    this.#params ??= linkedParams(this.#record.query ?? '', (query) => {
      this.#record.query = query === '' ? null : query;
    });
    return this.#params;
  }

  get hash(): string {
    return prefixed('#', this.#record.fragment);
  }

  set hash(value: unknown) {
    const text = toText(value);
    if (text === '') {
      this.#record.fragment = null;
    } else {
      this.#record.fragment = '';
      this.#parseInto(text.replace(/^#/, ''), 'fragment');
    }
  }

  override toString(): string {
    return this.href;
  }

  toJSON(): string {
    return this.href;
  }

  get [Symbol.toStringTag](): string {
    return 'URL';
  }

  /**
   * The standard's parser changes the part that the setter is for, and leaves it unchanged if the text is not
   * valid for it.
   */
  #parseInto(text: string, stateOverride: string): void {
    machine.basicURLParse(text, { url: this.#record, stateOverride });
  }

  #queryChanged(): void {
    if (this.#params !== undefined) replacePairs(this.#params, this.#record.query ?? '');
  }
}

function prefixed(sign: string, part: string | null): string {
  return part === null || part === '' ? '' : sign + part;
}

function demandUrl(args: readonly unknown[]): void {
  if (args.length === 0) throw new TypeError('The "url" argument must be specified');
}

function invalid(input: string): TypeError {
  return Object.assign(new TypeError(`Invalid URL: ${input}`), { code: 'ERR_INVALID_URL', input });
}

export default function install(host: FeatureHost): void {
  host.urls = { URL, URLSearchParams };
  host.refuse(URL.prototype, 'a URL', '; pass its href');
  host.refuse(URLSearchParams.prototype, 'a URLSearchParams', '; pass String() of it');
  host.define('URL', asInterface(URL));
  host.define('URLSearchParams', asInterface(URLSearchParams));
}
