/** Why a request failed. A handler has it as `code` of the TypeError that `fetch` rejects with. */
export type NetworkFailureCode =
  | 'ABORTED'
  | 'ADDRESS_NOT_ALLOWED'
  | 'CONNECTION_FAILED'
  | 'INVALID_REQUEST'
  | 'INVALID_RESPONSE'
  | 'NAME_NOT_RESOLVED'
  | 'REDIRECT_REFUSED'
  | 'REQUEST_TOO_LARGE'
  | 'RESPONSE_TOO_LARGE'
  | 'SECRET_REFUSED'
  | 'TIMEOUT'
  | 'TLS_FAILED';

/** The error of a request, as the handler gets it. It has nothing of what was sent. */
export class NetworkFailure extends TypeError {
  override readonly name = 'TypeError';
  readonly code: NetworkFailureCode;

  constructor(code: NetworkFailureCode, message: string) {
    super(`fetch failed: ${message}`);
    this.code = code;
  }
}

/** The options or the capabilities do not allow a request. */
export class NetworkDenial extends Error {
  override readonly name = 'PERMISSION_DENIED';
  readonly code = 'PERMISSION_DENIED';
  /** `net:METHOD:HOST` */
  readonly capability: string;
  readonly option: 'network.allow' | 'network.methods' | 'capabilities';

  constructor(capability: string, option: NetworkDenial['option'], message: string) {
    super(message);
    this.capability = capability;
    this.option = option;
  }
}
