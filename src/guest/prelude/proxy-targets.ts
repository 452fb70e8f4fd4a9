import { ownMap } from './intrinsics.js';

/** Proxies of ours that handlers hold, and what is behind them: that is what leaves the VM. */
const targets = ownMap<object, object>();
let any = false;

/** The one that every execution has. */
let stateProxy: object | undefined;
let stateTarget: object;
let onStateRead: (target: object) => void;

/** @param onRead what to do when the state as a whole is about to be copied */
export function standForState(proxy: object, target: object, onRead: (target: object) => void): void {
  stateProxy = proxy;
  stateTarget = target;
  onStateRead = onRead;
}

export function standIn<T extends object>(proxy: T, target: object): T {
  any = true;
  targets.set(proxy, target);
  return proxy;
}

export function underlying(value: object): object {
  if (value === stateProxy) {
    onStateRead(stateTarget);
    return stateTarget;
  }
  return any ? (targets.get(value) ?? value) : value;
}
