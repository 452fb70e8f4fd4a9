/** A request as a handler asks for it, with the placeholders of secrets. */
export interface NetworkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly redirect: 'follow' | 'error' | 'manual';
  readonly body?: Uint8Array | undefined;
}
