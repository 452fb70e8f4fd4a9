import type { Node } from 'acorn';

import type { Args } from './arguments.js';
import type { Flow } from './flow.js';
import type { Atoms } from './values/atom-table.js';
import type { Cell, Value } from './values/atoms.js';
import type { Demands } from './values/demands.js';

/**
 * What the language's operations do to abstract values, and what they demand on the way. `at` is the node that does it:
 * the reason shown for a demand, and the name of what is made there.
 */
export interface Interpreter {
  readonly atoms: Atoms;
  readonly demands: Demands;
  readonly flow: Flow;
  /** Whatever was thrown anywhere. */
  readonly thrown: Cell;
  /** Whatever was made a member of a function that is not the handler's own: of a bound one, of a builtin's method. */
  readonly planted: Cell;

  /** Calls whose results nobody looks at. */
  readonly unused: Set<Node>;

  /** `target[key]` */
  load(target: Value, key: Value, at: Node): Value;
  /** What `target[key](…)` calls. */
  loadMethod(target: Value, key: Value, at: Node): Value;
  /** What the handler itself put under a name (`@@iterator` for a symbol), to be called by the language. */
  given(target: Value, name: string, at: Node): Value;
  /** The getters and setters that an object has under a name, or under all. */
  accessors(target: Value, key: Value | undefined): Value;
  /** `target[key] = value` */
  store(target: Value, key: Value, value: Value, at: Node): void;
  /** `delete target[key]` */
  remove(target: Value, key: Value, at: Node): void;
  /** `key in target` */
  has(target: Value, key: Value, at: Node): void;

  /** What iterating gives: `for … of`, spread, array patterns. */
  elements(target: Value, at: Node): Value;
  /** The values of all members, as Object.values gives them. */
  memberValues(target: Value, at: Node): Value;
  /** The names of all members. */
  memberNames(target: Value, at: Node): Value;
  /** All members of `source` into an object of ours, as a spread copies them. */
  copyMembers(source: Value, into: Value, at: Node): void;
  /** A change of the target itself, with `value` among what it holds then: `push`. */
  mutate(target: Value, value: Value, at: Node): void;

  /** The value is read as a whole and left as it is: encoded, printed, compared as text. */
  readWhole(value: Value, at: Node): void;
  /** The value goes where it cannot be followed. */
  escape(value: Value, at: Node, where: string): void;
  /** Something of which nothing is known gets such a member: a builtin, if one escaped. */
  plant(value: Value, at: Node): void;
  /** Something of which nothing is known is called: to change a builtin, if one escaped along with what changes it. */
  callUnknown(at: Node): void;

  /** @param self what `this` is; undefined for a plain call */
  call(callee: Value, self: Value | undefined, args: Args, at: Node): Value;
  construct(callee: Value, args: Args, at: Node): Value;
  /** Data of which nothing is known, and which nobody else holds. */
  data(at: Node, tag: string): Value;
  /** What awaiting gives. */
  awaited(value: Value, at: Node): Value;
}
