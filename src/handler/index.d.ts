/**
 * The globals of a handler. `handlerTypes()` of `nexus-runtime/typescript` generates a `handler.d.ts` from it
 * with the types of an application.
 */
/// <reference path="./web.d.ts" />

/** `$state`: the application's type, plus methods that exist unless a key has their name. */
export type HandlerState<State> = State & Omit<HandlerStateMethods<State>, keyof State>;

export interface HandlerStateMethods<State> {
  get<Key extends keyof State & string>(key: Key): State[Key];
  set<Key extends keyof State & string>(key: Key, value: State[Key]): void;
  has(key: keyof State & string): boolean;
  /** Returns whether the key existed. */
  delete(key: keyof State & string): boolean;
  /** Lists the keys that may be read. */
  keys(): (keyof State & string)[];
}

/**
 * `$ext`: the methods of the application's extensions, whose names contain no dots. Each returns a promise,
 * and the handler may be suspended until it is settled. Members that are not methods are omitted.
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

/** `$emit`: emits an event of a known name with its payload. */
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

// biome-ignore lint/suspicious/noExplicitAny: as the globals are declared where an application names no types
type Anything = any;

/**
 * The second argument of a handler that is a function or a module: what the globals hold. Types of the application as `handlerTypes`
 * takes them; without them, any keys, events and libraries.
 *
 * @example export default (args: { by: number }, { state }: HandlerContext<{ count: number }>) => { state.count += args.by; }
 */
export interface HandlerContext<
  State = Record<string, Anything>,
  Extensions = Record<never, never>,
  Events = Record<string, Anything>,
  Component extends string = string,
  Args = Anything,
  Scope = Anything,
  Libraries = Record<string, Anything>,
> {
  /** `$state` */
  readonly state: HandlerState<State>;
  /** `$args`, which is the first argument as well. */
  readonly args: Args;
  /** `$scope` */
  readonly scope: Scope;
  /** `$emit` */
  readonly emit: HandlerEmit<Events>;
  /** `$view` */
  readonly view: HandlerView<Component>;
  /** `$ext` */
  readonly ext: HandlerExtensions<Extensions>;
  /** `$log` */
  readonly log: HandlerLog;
  /** `$lib` */
  readonly lib: Libraries;
}
