import { asInterface, type FeatureHost } from './feature.js';

/** Names with a legacy code, in the order of their codes from 1; the gaps are names that the standard dropped. */
const LEGACY_NAMES =
  'IndexSize,,HierarchyRequest,WrongDocument,InvalidCharacter,,NoModificationAllowed,NotFound,NotSupported,InUseAttribute,InvalidState,Syntax,InvalidModification,Namespace,InvalidAccess,,TypeMismatch,Security,Network,Abort,URLMismatch,QuotaExceeded,Timeout,InvalidNodeType,DataClone'
    .split(',')
    .map((name) => (name === '' ? '' : `${name}Error`));
/** Every code has a constant, including those of dropped names. */
const CONSTANTS =
  'INDEX_SIZE DOMSTRING_SIZE HIERARCHY_REQUEST WRONG_DOCUMENT INVALID_CHARACTER NO_DATA_ALLOWED NO_MODIFICATION_ALLOWED NOT_FOUND NOT_SUPPORTED INUSE_ATTRIBUTE INVALID_STATE SYNTAX INVALID_MODIFICATION NAMESPACE INVALID_ACCESS VALIDATION TYPE_MISMATCH SECURITY NETWORK ABORT URL_MISMATCH QUOTA_EXCEEDED TIMEOUT INVALID_NODE_TYPE DATA_CLONE'.split(
    ' ',
  );

interface Options {
  readonly name?: unknown;
  readonly cause?: unknown;
}

/** https://webidl.spec.whatwg.org/#idl-DOMException */
class DOMException extends Error {
  readonly #name: string;

  constructor(message: unknown = '', nameOrOptions: unknown = 'Error') {
    super(`${message}`);
    const options: Options | undefined =
      typeof nameOrOptions === 'object' && nameOrOptions !== null ? nameOrOptions : undefined;
    this.#name = options === undefined ? `${nameOrOptions}` : `${options.name ?? 'Error'}`;
    if (options !== undefined && 'cause' in options) {
      Object.defineProperty(this, 'cause', { value: options.cause, writable: true, configurable: true });
    }
  }

  override get name(): string {
    return this.#name;
  }

  get code(): number {
    return this.#name === '' ? 0 : LEGACY_NAMES.indexOf(this.#name) + 1;
  }

  get [Symbol.toStringTag](): string {
    return 'DOMException';
  }
}

export default function install(host: FeatureHost): void {
  CONSTANTS.forEach((name, index) => {
    const constant = { value: index + 1, enumerable: true };
    Object.defineProperty(DOMException, `${name}_ERR`, constant);
    Object.defineProperty(DOMException.prototype, `${name}_ERR`, constant);
  });
  host.DOMException = DOMException;
  host.define('DOMException', asInterface(DOMException));
}
