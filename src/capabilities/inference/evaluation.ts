import type { Expression, Node, Pattern, SpreadElement } from 'acorn';

import type { Args } from './arguments.js';
import type { Calls } from './calls.js';
import type { MemberAccess } from './member-access.js';
import type { PatternContext } from './patterns.js';
import type { CallFrame, Program } from './program.js';
import type { Value } from './values/atoms.js';

/** State that the evaluation of all functions shares. */
export interface Shared {
  readonly program: Program;
  readonly calls: Calls;
  readonly members: MemberAccess;
}

/** The evaluation of one function, as needed by the parts that evaluate one kind of syntax. */
export interface Evaluation extends PatternContext {
  readonly shared: Shared;
  readonly frame: CallFrame;
  args(nodes: readonly (Expression | SpreadElement)[]): Args;
  assign(pattern: Pattern, value: Value): void;
  /** `return`: the caller of an async function gets the resolved value. */
  giveBack(value: Value, at: Node): void;
  /** The same program, seen from another frame. */
  within(frame: CallFrame): Evaluation;
  run(statements: readonly Node[]): void;
}
