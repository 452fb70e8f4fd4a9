import type { Node } from 'acorn';

import type { Args } from './arguments.js';
import type { Flow } from './flow.js';
import type { Atoms } from './values/atom-table.js';
import type { Cell, Value } from './values/atoms.js';
import type { Demands } from './values/demands.js';

/**
 * The effects of the language's operations on abstract values, and the capabilities that they demand. `at` is
 * the node of the operation: the place of a demand, and the identity of created objects.
 */
export interface Interpreter {
  readonly atoms: Atoms;
  readonly demands: Demands;
  readonly flow: Flow;
  /** All values that were thrown anywhere. */
  readonly thrown: Cell;
  /**
   * All values that became members of functions that are not the handler's own, such as bound functions and
   * builtin methods.
   */
  readonly planted: Cell;

  /** Calls whose results are not used. */
  readonly unused: Set<Node>;

  /** `target[key]` */
  load(target: Value, key: Value, at: Node): Value;
  /** The functions that `target[key](…)` calls. */
  loadMethod(target: Value, key: Value, at: Node): Value;
  /**
   * Functions that the handler itself stored under a name (`@@iterator` for a symbol) and that the language
   * may call.
   */
  given(target: Value, name: string, at: Node): Value;
  /** The getters and setters of an object under a name, or under all names. */
  accessors(target: Value, key: Value | undefined): Value;
  /** `target[key] = value` */
  store(target: Value, key: Value, value: Value, at: Node): void;
  /** `delete target[key]` */
  remove(target: Value, key: Value, at: Node): void;
  /** `key in target` */
  has(target: Value, key: Value, at: Node): void;

  /** The elements of an iteration: `for … of`, spread, array patterns. */
  elements(target: Value, at: Node): Value;
  /** The values of all members, as from Object.values. */
  memberValues(target: Value, at: Node): Value;
  /** The names of all members. */
  memberNames(target: Value, at: Node): Value;
  /** Copies all members of `source` into an object of the handler, like a spread. */
  copyMembers(source: Value, into: Value, at: Node): void;
  /** Changes the target itself, which then may contain `value`: `push`. */
  mutate(target: Value, value: Value, at: Node): void;

  /** The value is read as a whole and not changed: encoded, printed, compared as a string. */
  readWhole(value: Value, at: Node): void;
  /** The value goes to code that is not followed. */
  escape(value: Value, at: Node, where: string): void;
  /** An unknown object gets this member; it may be a builtin, if one escaped. */
  plant(value: Value, at: Node): void;
  /**
   * An unknown function is called; it may change a builtin, if one escaped together with a function that
   * changes it.
   */
  callUnknown(at: Node): void;

  /** @param self what `this` is; undefined for a plain call */
  call(callee: Value, self: Value | undefined, args: Args, at: Node): Value;
  construct(callee: Value, args: Args, at: Node): Value;
  /** Unknown data that no other code holds. */
  data(at: Node, tag: string): Value;
  /** The result of awaiting the value. */
  awaited(value: Value, at: Node): Value;
}
