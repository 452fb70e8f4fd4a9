import { ownMap } from './intrinsics.js';

/** The prelude's proxies that handlers hold, with their targets, which leave the VM in their place. */
const targets = ownMap<object, object>();
let any = false;

/** The proxy that every execution has. */
let stateProxy: object | undefined;
let stateTarget: object;
let onStateRead: () => void;

/** @param onRead called before the whole state is copied */
export function standForState(proxy: object, target: object, onRead: () => void): void {
  stateProxy = proxy;
  stateTarget = target;
  onStateRead = onRead;
}

export function registerProxy<T extends object>(proxy: T, target: object): T {
  any = true;
  targets.set(proxy, target);
  return proxy;
}

export function underlying(value: object): object {
  if (value === stateProxy) {
    onStateRead();
    return stateTarget;
  }
  return any ? (targets.get(value) ?? value) : value;
}
