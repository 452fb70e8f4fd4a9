import type { FunctionExpression } from 'acorn';
import type { AnyFunction } from '../../source/scopes/functions.js';
import { resolveScopes } from '../../source/scopes/resolve-scopes.js';
import type { Shared } from './evaluation.js';
import { Evaluator } from './evaluator.js';
import { BudgetExceeded } from './flow.js';
import { Machine } from './machine.js';
import { type CallFrame, Program } from './program.js';
import { mayComplete } from './statements.js';
import type { FunctionAtom } from './values/atoms.js';
import { union } from './values/atoms.js';
import type { Demands } from './values/demands.js';

/**
 * Determines what a handler may need by evaluating it on abstract values: for each expression, which of the
 * relevant values it may be in any run. Order and conditions are ignored, all calls of a function are
 * analysed together, and each place that creates objects counts as one object. A value that cannot be
 * followed further is assumed to be used in every possible way.
 *
 * @throws EverythingDemanded
 */
export function analyse(handler: FunctionExpression, demands: Demands): void {
  const scopes = resolveScopes(handler);
  const program: Program = new Program(
    new Machine(
      { read: (name) => program.readGlobal(name), write: (name, value) => program.writeGlobal(name, value) },
      demands,
    ),
    scopes,
    (callee, around) => {
      machine.flow.schedule({ at: callee.node, evaluate: () => evaluateFunction(callee, around, shared) });
    },
  );
  const machine = program.machine as Machine;
  const shared: Shared = { program, calls: machine.calls, members: machine.members };
  for (const statement of scopes.withs) machine.demands.everything(statement, 'a with statement');
  try {
    const root = program.functionAt(handler, undefined);
    machine.flow.add(root.self, machine.atoms.global);
    machine.flow.settle();
  } catch (error) {
    if (!(error instanceof BudgetExceeded || error instanceof RangeError)) throw error;
    machine.demands.everything(handler, 'too large or too deeply nested to be followed');
  }
}

function evaluateFunction(callee: FunctionAtom, around: CallFrame | undefined, shared: Shared): void {
  const node = callee.node as AnyFunction;
  const { machine } = shared.program;
  const frame: CallFrame = { callee, self: callee.self, arguments: callee.arguments, home: callee.home };
  const evaluator = new Evaluator(shared, frame);
  bindParameters(callee, node, evaluator);
  const { body } = node;
  if (body.type !== 'BlockStatement') evaluator.giveBack(evaluator.evaluate(body), body);
  else {
    evaluator.run(body.body);
    if (mayComplete(body.body)) machine.flow.add(callee.returned, machine.atoms.undefined);
  }
  // The return value of the handler goes to the host.
  if (around === undefined) machine.readWhole(machine.awaited(machine.flow.read(callee.returned), node), node);
}

function bindParameters(callee: FunctionAtom, node: AnyFunction, evaluator: Evaluator): void {
  const { machine } = evaluator;
  const { atoms, flow } = machine;
  // In sloppy mode, `arguments` and the parameters share variables.
  const isAliased = evaluator.shared.program.usesArguments(node);
  const aliased = isAliased ? machine.load(new Set([callee.arguments]), atoms.number, node) : new Set<never>();
  for (const [index, param] of node.params.entries()) {
    const given = callee.parameters[index];
    const value = union(given === undefined ? new Set() : flow.read(given), aliased);
    if (isAliased && param.type === 'Identifier') {
      machine.store(new Set([callee.arguments]), atoms.number, evaluator.shared.program.read(param), node);
    }
    if (param.type === 'RestElement') {
      const rest = new Set([atoms.object(param, 'rest', 'array')]);
      machine.store(rest, atoms.number, union(value, flow.read(callee.extra)), param);
      evaluator.assign(param.argument, rest);
    } else evaluator.assign(param, value);
  }
}
