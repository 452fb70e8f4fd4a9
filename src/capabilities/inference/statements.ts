import type {
  ForInStatement,
  ForOfStatement,
  Node,
  Pattern,
  Statement,
  TryStatement,
  VariableDeclaration,
} from 'acorn';

import { type Atom, union, type Value } from './atoms.js';
import { evaluateClass } from './classes.js';
import type { Evaluator } from './evaluator.js';

/** Evaluates statements, all of them: which of them run is not asked. */
export function runStatements(statements: readonly Node[], evaluator: Evaluator): void {
  for (const statement of statements) runStatement(statement as Statement, evaluator);
}

function runStatement(node: Statement, evaluator: Evaluator): void {
  const { machine } = evaluator;
  switch (node.type) {
    case 'ExpressionStatement':
      machine.unused.add(node.expression);
      evaluator.evaluate(node.expression);
      return;
    case 'VariableDeclaration':
      declare(node, evaluator);
      return;
    case 'FunctionDeclaration':
      evaluator.write(node.id, new Set<Atom>([evaluator.shared.program.functionAt(node, evaluator.frame)]));
      return;
    case 'ClassDeclaration':
      evaluateClass(node, evaluator);
      return;
    case 'ReturnStatement': {
      const value = node.argument ? evaluator.evaluate(node.argument) : machine.atoms.undefined;
      evaluator.giveBack(value, node);
      return;
    }
    case 'ThrowStatement': {
      const value = evaluator.evaluate(node.argument);
      machine.flow.add(machine.thrown, value);
      // When nobody catches it, the host gets it.
      machine.readWhole(value, node);
      return;
    }
    case 'BlockStatement':
      runStatements(node.body, evaluator);
      return;
    case 'IfStatement':
      evaluator.evaluate(node.test);
      runStatement(node.consequent, evaluator);
      if (node.alternate) runStatement(node.alternate, evaluator);
      return;
    case 'SwitchStatement':
      evaluator.evaluate(node.discriminant);
      for (const { test, consequent } of node.cases) {
        if (test) evaluator.evaluate(test);
        runStatements(consequent, evaluator);
      }
      return;
    case 'TryStatement':
      attempt(node, evaluator);
      return;
    case 'WhileStatement':
    case 'DoWhileStatement':
      evaluator.evaluate(node.test);
      runStatement(node.body, evaluator);
      return;
    case 'ForStatement':
      if (node.init?.type === 'VariableDeclaration') declare(node.init, evaluator);
      else if (node.init) evaluator.evaluate(node.init);
      if (node.test) evaluator.evaluate(node.test);
      if (node.update) evaluator.evaluate(node.update);
      runStatement(node.body, evaluator);
      return;
    case 'ForInStatement':
      forEach(node, machine.memberNames(evaluator.evaluate(node.right), node.right), evaluator);
      return;
    case 'ForOfStatement':
      forEach(node, iterated(node, evaluator), evaluator);
      return;
    case 'LabeledStatement':
      runStatement(node.body, evaluator);
      return;
    case 'WithStatement':
      // Its names may be anybody's; everything was demanded where the statement was found.
      machine.escape(evaluator.evaluate(node.object), node, 'a with statement');
      runStatement(node.body, evaluator);
      return;
    case 'EmptyStatement':
    case 'DebuggerStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return;
  }
}

function declare({ declarations, kind }: VariableDeclaration, evaluator: Evaluator): void {
  for (const { id, init } of declarations) {
    if (init) evaluator.assign(id, evaluator.evaluate(init));
    else if (kind !== 'var') evaluator.assign(id, evaluator.machine.atoms.undefined);
  }
}

function iterated({ right, await: isAwaited }: ForOfStatement, evaluator: Evaluator): Value {
  const { machine } = evaluator;
  const elements = machine.elements(evaluator.evaluate(right), right);
  return isAwaited ? machine.awaited(elements, right) : elements;
}

function forEach({ left, body }: ForInStatement | ForOfStatement, value: Value, evaluator: Evaluator): void {
  const target: Pattern | undefined = left.type === 'VariableDeclaration' ? left.declarations[0]?.id : left;
  if (target) evaluator.assign(target, value);
  runStatement(body, evaluator);
}

function attempt({ block, handler, finalizer }: TryStatement, evaluator: Evaluator): void {
  runStatement(block, evaluator);
  if (handler) {
    const { machine } = evaluator;
    if (handler.param) {
      // Of what a builtin threw: its message, its stack.
      const error = machine.data(handler, 'error');
      evaluator.assign(handler.param, union(machine.flow.read(machine.thrown), error, machine.atoms.unknown));
    }
    runStatement(handler.body, evaluator);
  }
  if (finalizer) runStatement(finalizer, evaluator);
}

/** Whether a function may come to the end of these without returning. */
export function mayComplete(statements: readonly Node[]): boolean {
  const last = statements.at(-1) as Statement | undefined;
  if (last?.type === 'ReturnStatement' || last?.type === 'ThrowStatement') return false;
  if (last?.type === 'BlockStatement') return mayComplete(last.body);
  if (last?.type !== 'IfStatement' || !last.alternate) return true;
  return mayComplete([last.consequent]) || mayComplete([last.alternate]);
}
