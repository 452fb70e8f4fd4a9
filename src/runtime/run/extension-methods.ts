import type { Extension } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';
import { callName, isSignalWait } from '../../execution/own-call-kinds.js';
import { methodNamesOf } from '../../execution/request/build-request.js';
import { type OutputFault, outputFaultOf } from '../../schemas/extension-errors.js';

/** The methods that a handler can call on the extensions of one run. */
export class ExtensionMethods {
  readonly #extensions: Readonly<Record<string, Extension>>;
  readonly #onFault: (fault: OutputFault) => void;
  /** Cached by extension, because a handler may call one thousands of times. */
  readonly #names = new Map<Extension, ReadonlySet<string>>();

  /**
   * @param extensions by name
   * @param onFault told when a method answers what its own schema does not allow
   */
  constructor(extensions: Readonly<Record<string, Extension>>, onFault: (fault: OutputFault) => void) {
    this.#extensions = extensions;
    this.#onFault = onFault;
  }

  /**
   * Calls a method of an extension.
   *
   * @throws TypeError if the method does not exist; errors of the method
   */
  async call(call: ExtensionCall): Promise<unknown> {
    try {
      return await this.begin(call);
    } catch (error) {
      this.noteFault(error);
      throw error;
    }
  }

  /** {@link call} for who notes faults of the answer: what the method returns, which may be a promise. */
  begin(call: ExtensionCall): unknown {
    const { extensionName, method, args } = call;
    const extension = Object.hasOwn(this.#extensions, extensionName) ? this.#extensions[extensionName] : undefined;
    // What every object inherits is no method of an extension.
    if (extension === undefined || !this.#namesOf(extension).has(method)) throw this.#noMethod(call);
    const implementation: unknown = Reflect.get(extension, method);
    if (typeof implementation !== 'function') throw this.#noMethod(call);
    return Reflect.apply(implementation, extension, args);
  }

  /** @param error with which a call failed */
  noteFault(error: unknown): void {
    const fault = outputFaultOf(error);
    if (fault !== undefined) this.#onFault(fault);
  }

  #noMethod(call: ExtensionCall): TypeError {
    const { extensionName } = call;
    if (isSignalWait(call)) {
      return new TypeError(`${callName(call)} waits for a signal, which only a run of start can get`);
    }
    const extension = Object.hasOwn(this.#extensions, extensionName) ? this.#extensions[extensionName] : undefined;
    const there =
      extension === undefined
        ? `the extensions are: ${listed(Object.keys(this.#extensions))}`
        : `${extensionName} has: ${listed([...this.#namesOf(extension)])}`;
    return new TypeError(`There is no extension method ${callName(call)}; ${there}`);
  }

  #namesOf(extension: Extension): ReadonlySet<string> {
    let names = this.#names.get(extension);
    if (names === undefined) {
      names = new Set(methodNamesOf(extension));
      this.#names.set(extension, names);
    }
    return names;
  }
}

/** Of names in a message. */
const MAX_LISTED = 50;

function listed(names: readonly string[]): string {
  if (names.length === 0) return 'none';
  return names.slice(0, MAX_LISTED).join(', ') + (names.length > MAX_LISTED ? ', …' : '');
}
