import { admit, EXTENSION, HOST_CALLS } from './admission.js';
import { snapshot } from './crossing.js';
import {
  apply,
  hasOwn,
  type Keyed,
  MapConstructor,
  mapGet,
  mapSet,
  nullArray,
  nullObject,
  PromiseConstructor,
  ProxyConstructor,
  setPrototypeOf,
  TypeErrorConstructor,
  text,
} from './intrinsics.js';

/** What can settle a call. */
interface Settlers {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls whose answers have not come, in order: `[callId, extension, method, arguments]`. */
export const calls = nullArray<unknown[]>([]);
export const outstanding = new MapConstructor<string, Settlers>();
let callCount = 0;
/** Method names by extension, when the host says what there is. */
let registry: Keyed | undefined;

export function setRegistry(known: Keyed | undefined): void {
  registry = known;
}

function call(extension: string, method: string, args: unknown[]): Promise<unknown> {
  const name = text(extension, '.', method);
  if (registry !== undefined && !isKnown(extension, method)) {
    throw new TypeErrorConstructor(text('There is no extension method $ext.', name));
  }
  admit(EXTENSION, name, HOST_CALLS, 0);
  const given = snapshot(args, text('$ext.', name, ' arguments'));
  const callId = text('c', ++callCount);
  return new PromiseConstructor((resolve, reject) => {
    apply(mapSet, outstanding, [callId, { resolve, reject }]);
    calls[calls.length] = nullArray([callId, extension, method, given]);
  });
}

function isKnown(extension: string, method: string): boolean {
  const methods = hasOwn(registry as Keyed, extension) ? ((registry as Keyed)[extension] as string[]) : undefined;
  for (let i = 0; methods !== undefined && i < methods.length; i++) if (methods[i] === method) return true;
  return false;
}

/** An object that has whatever is asked of it. `then` is what `await` asks of any object. */
function anything(make: (name: string) => unknown): object {
  const made = new MapConstructor<string, unknown>();
  const traps: ProxyHandler<object> = {
    get(_, name) {
      if (typeof name !== 'string' || name === 'then') return undefined;
      let known = apply(mapGet, made, [name]);
      if (known === undefined) {
        known = make(name);
        apply(mapSet, made, [name, known]);
      }
      return known;
    },
    has: (_, name) => typeof name === 'string' && name !== 'then',
    set: () => false,
    defineProperty: () => false,
    setPrototypeOf: () => false,
    preventExtensions: () => false,
  };
  setPrototypeOf(traps, null);
  return new ProxyConstructor(nullObject(), traps);
}

export const extensions = anything((extension) =>
  anything(
    (method) =>
      (...args: unknown[]) =>
        call(extension, method, args),
  ),
);
