import { STATE_WRITE } from '../abi.js';
import { demand } from './admission.js';
import { getOwnPropertyDescriptor, isArray, ownMap, ProxyConstructor, setPrototypeOf } from './intrinsics.js';
import { registerProxy } from './proxy-targets.js';
import { kindOf, PLAIN } from './value-kinds.js';

const proxies = ownMap<object, object>();

/**
 * The value behind a proxy that throws PERMISSION_DENIED at the line of a change. Reading through it is slow,
 * so it is used only when an execution is repeated to find that line. Builtins with internal state (Date,
 * Map, typed arrays) cannot be behind a proxy and are returned as they are.
 */
export function readOnly(value: object, key: string): object {
  if (!isArray(value) && kindOf(value) !== PLAIN) return value;
  const known = proxies.get(value);
  if (known !== undefined) return known;
  const deny = (): never => demand(STATE_WRITE, key) as never;
  const traps: ProxyHandler<Record<PropertyKey, unknown>> = {
    get(target, name) {
      const member = target[name];
      if (typeof member !== 'object' || member === null) return member;
      // For a non-configurable property, the engine accepts only the actual descriptor.
      const descriptor = getOwnPropertyDescriptor(target, name);
      const isFixed = descriptor !== undefined && !descriptor.configurable && descriptor.writable !== true;
      return isFixed ? member : readOnly(member, key);
    },
    set: deny,
    defineProperty: deny,
    deleteProperty: deny,
    setPrototypeOf: deny,
    preventExtensions: deny,
  };
  setPrototypeOf(traps, null);
  const proxy = new ProxyConstructor(value as Record<PropertyKey, unknown>, traps);
  proxies.set(value, proxy);
  return registerProxy(proxy, value);
}
