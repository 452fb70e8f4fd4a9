import { apply, dataDescriptor, define, defineProperty, getPrototypeOf, nullObject } from '../intrinsics.js';

const SymbolFunction = Symbol as SymbolConstructor & { dispose: symbol; asyncDispose: symbol };

/** The symbols by which `using` finds the methods to call. The classes are a feature. */
export function addSymbols(): void {
  for (const name of ['dispose', 'asyncDispose'] as const) {
    const descriptor = nullObject() as PropertyDescriptor;
    descriptor.value = SymbolFunction('Symbol.' + name);
    defineProperty(SymbolFunction, name, descriptor);
  }
  const iteratorPrototype = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()) as object) as object;
  const dispose = function (this: { return?: () => unknown }): void {
    const close = this.return;
    if (close !== undefined && close !== null) apply(close, this, []);
  };
  nameAs(dispose, '[Symbol.dispose]');
  define(iteratorPrototype, SymbolFunction.dispose, dispose);
  const asyncIteratorPrototype = getPrototypeOf(getPrototypeOf(async function* () {}.prototype) as object) as object;
  const asyncDispose = async function (this: { return?: () => unknown }): Promise<void> {
    const close = this.return;
    if (close !== undefined && close !== null) await apply(close, this, []);
  };
  nameAs(asyncDispose, '[Symbol.asyncDispose]');
  define(asyncIteratorPrototype, SymbolFunction.asyncDispose, asyncDispose);
}

function nameAs(method: object, name: string): void {
  const descriptor = dataDescriptor(name, false);
  descriptor.writable = false;
  defineProperty(method, 'name', descriptor);
}
