/**
 * What a handler sees, for those who write handlers. `handlerTypes()` of `nexus-runtime/typescript` makes a `handler.d.ts` of it
 * that has the application's own types.
 */
/// <reference path="./web.d.ts" />

/** `$state`: the application's, and methods where no key has their name. */
export type HandlerState<State> = State & Omit<HandlerStateMethods<State>, keyof State>;

export interface HandlerStateMethods<State> {
  get<Key extends keyof State & string>(key: Key): State[Key];
  set<Key extends keyof State & string>(key: Key, value: State[Key]): void;
  has(key: keyof State & string): boolean;
  /** Whether there was such a key. */
  delete(key: keyof State & string): boolean;
  /** Of those that may be read. */
  keys(): (keyof State & string)[];
}

/**
 * `$ext`: the methods of the application's extensions, whose names have no dots. What they answer comes as a promise, and the handler may be suspended until it
 * does. What is no method is not there.
 */
export type HandlerExtensions<Extensions> = {
  readonly [Name in keyof Extensions]: HandlerExtension<Extensions[Name]>;
};

export type HandlerExtension<Extension> = {
  readonly [Method in keyof Extension as Extension[Method] extends AnyFunction
    ? Method
    : never]: Extension[Method] extends (...args: infer Args) => infer Answer
    ? (...args: Args) => Promise<Awaited<Answer>>
    : never;
};

type AnyFunction = (...args: never) => unknown;

/** `$emit`: an event of a name that the application knows, with its payload. */
export type HandlerEmit<Events> = <Name extends keyof Events & string>(
  name: Name,
  ...payload: undefined extends Events[Name] ? [payload?: Events[Name]] : [payload: Events[Name]]
) => void;

/** `$view`: commands to components of the user interface. */
export interface HandlerView<Component extends string = string> {
  setFilter(component: Component, ...args: unknown[]): void;
  scrollTo(component: Component, ...args: unknown[]): void;
  focus(component: Component, ...args: unknown[]): void;
  /** A command of the type `'custom'`. */
  command(component: Component, ...args: unknown[]): void;
}

/** `$log`: `$log(…)` is `$log.info(…)`. */
export interface HandlerLog {
  (...parts: unknown[]): void;
  debug(...parts: unknown[]): void;
  info(...parts: unknown[]): void;
  warn(...parts: unknown[]): void;
  error(...parts: unknown[]): void;
}
