import type { Expression, Node, Pattern, SpreadElement } from 'acorn';

import type { Args } from './arguments.js';
import type { Calls } from './calls.js';
import type { MemberAccess } from './member-access.js';
import type { PatternContext } from './patterns.js';
import type { CallFrame, Program } from './program.js';
import type { Value } from './values/atoms.js';

/** What the evaluation of all functions has in common. */
export interface Shared {
  readonly program: Program;
  readonly calls: Calls;
  readonly members: MemberAccess;
}

/** The code of one function, under evaluation: what the parts that know a kind of syntax need of the whole. */
export interface Evaluation extends PatternContext {
  readonly shared: Shared;
  readonly frame: CallFrame;
  args(nodes: readonly (Expression | SpreadElement)[]): Args;
  assign(pattern: Pattern, value: Value): void;
  /** `return`: an async function's caller gets what the value resolves to. */
  giveBack(value: Value, at: Node): void;
  /** The same program, seen from another frame. */
  within(frame: CallFrame): Evaluation;
  run(statements: readonly Node[]): void;
}
