import { apply, MapConstructor, mapGet, mapSet } from './intrinsics.js';

/** Proxies of ours that handlers hold, and what is behind them: that is what leaves the VM. */
const targets = new MapConstructor<object, object>();
let any = false;

export function standIn<T extends object>(proxy: T, target: object): T {
  any = true;
  apply(mapSet, targets, [proxy, target]);
  return proxy;
}

export function underlying(value: object): object {
  return any ? ((apply(mapGet, targets, [value]) as object | undefined) ?? value) : value;
}
