// The part that we use of the modules that the package publishes without types: the algorithms without their
// WebIDL wrappers.

declare module 'whatwg-url/lib/url-state-machine.js' {
  /** https://url.spec.whatwg.org/#concept-url */
  export interface UrlRecord {
    scheme: string;
    username: string;
    password: string;
    /** An IPv4 address as a number, an IPv6 address as its pieces. */
    host: string | number | number[] | null;
    port: number | null;
    /** A string if it is opaque. */
    path: string[] | string;
    query: string | null;
    fragment: string | null;
  }

  export function basicURLParse(
    input: string,
    options?: { baseURL?: UrlRecord | null; url?: UrlRecord; stateOverride?: string },
  ): UrlRecord | null;
  export function serializeURL(url: UrlRecord, excludeFragment?: boolean): string;
  export function serializePath(url: UrlRecord): string;
  export function serializeHost(host: UrlRecord['host']): string;
  export function serializeInteger(value: number): string;
  export function serializeURLOrigin(url: UrlRecord): string;
  export function setTheUsername(url: UrlRecord, username: string): void;
  export function setThePassword(url: UrlRecord, password: string): void;
  export function cannotHaveAUsernamePasswordPort(url: UrlRecord): boolean;
  export function hasAnOpaquePath(url: UrlRecord): boolean;
}

declare module 'whatwg-url/lib/urlencoded.js' {
  export function parseUrlencodedString(input: string): [name: string, value: string][];
  export function serializeUrlencoded(pairs: readonly (readonly [name: string, value: string])[]): string;
}

declare module 'punycode/punycode.es6.js' {
  /** @throws RangeError if it is not Punycode */
  export function decode(text: string): string;
  export function encode(text: string): string;
}
