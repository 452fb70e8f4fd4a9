import type {
  ForInStatement,
  ForOfStatement,
  Node,
  Pattern,
  Statement,
  TryStatement,
  VariableDeclaration,
} from 'acorn';
import { evaluateClass } from './classes.js';
import type { Evaluation } from './evaluation.js';
import { type Atom, union, type Value } from './values/atoms.js';

/** Evaluates all statements, whether or not they can run. */
export function runStatements(statements: readonly Node[], evaluation: Evaluation): void {
  for (const statement of statements) runStatement(statement as Statement, evaluation);
}

function runStatement(node: Statement, evaluation: Evaluation): void {
  const { machine } = evaluation;
  switch (node.type) {
    case 'ExpressionStatement':
      machine.unused.add(node.expression);
      evaluation.evaluate(node.expression);
      return;
    case 'VariableDeclaration':
      declare(node, evaluation);
      return;
    case 'FunctionDeclaration':
      evaluation.write(node.id, new Set<Atom>([evaluation.shared.program.functionAt(node, evaluation.frame)]));
      return;
    case 'ClassDeclaration':
      evaluateClass(node, evaluation);
      return;
    case 'ReturnStatement': {
      const value = node.argument ? evaluation.evaluate(node.argument) : machine.atoms.undefined;
      evaluation.giveBack(value, node);
      return;
    }
    case 'ThrowStatement': {
      const value = evaluation.evaluate(node.argument);
      machine.flow.add(machine.thrown, value);
      // If it is not caught, the host gets it.
      machine.readWhole(value, node);
      return;
    }
    case 'BlockStatement':
      runStatements(node.body, evaluation);
      return;
    case 'IfStatement':
      evaluation.evaluate(node.test);
      runStatement(node.consequent, evaluation);
      if (node.alternate) runStatement(node.alternate, evaluation);
      return;
    case 'SwitchStatement':
      evaluation.evaluate(node.discriminant);
      for (const { test, consequent } of node.cases) {
        if (test) evaluation.evaluate(test);
        runStatements(consequent, evaluation);
      }
      return;
    case 'TryStatement':
      attempt(node, evaluation);
      return;
    case 'WhileStatement':
    case 'DoWhileStatement':
      evaluation.evaluate(node.test);
      runStatement(node.body, evaluation);
      return;
    case 'ForStatement':
      if (node.init?.type === 'VariableDeclaration') declare(node.init, evaluation);
      else if (node.init) evaluation.evaluate(node.init);
      if (node.test) evaluation.evaluate(node.test);
      if (node.update) evaluation.evaluate(node.update);
      runStatement(node.body, evaluation);
      return;
    case 'ForInStatement':
      forEach(node, machine.memberNames(evaluation.evaluate(node.right), node.right), evaluation);
      return;
    case 'ForOfStatement':
      forEach(node, iterated(node, evaluation), evaluation);
      return;
    case 'LabeledStatement':
      runStatement(node.body, evaluation);
      return;
    case 'WithStatement':
      // Its names may refer to anything; everything was demanded where the statement was found.
      machine.escape(evaluation.evaluate(node.object), node, 'a with statement');
      runStatement(node.body, evaluation);
      return;
    case 'EmptyStatement':
    case 'DebuggerStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return;
  }
}

function declare({ declarations, kind }: VariableDeclaration, evaluation: Evaluation): void {
  for (const { id, init } of declarations) {
    if (init) evaluation.assign(id, evaluation.evaluate(init));
    else if (kind !== 'var') evaluation.assign(id, evaluation.machine.atoms.undefined);
  }
}

function iterated({ right, await: isAwaited }: ForOfStatement, evaluation: Evaluation): Value {
  const { machine } = evaluation;
  const elements = machine.elements(evaluation.evaluate(right), right);
  return isAwaited ? machine.awaited(elements, right) : elements;
}

function forEach({ left, body }: ForInStatement | ForOfStatement, value: Value, evaluation: Evaluation): void {
  const target: Pattern | undefined = left.type === 'VariableDeclaration' ? left.declarations[0]?.id : left;
  if (target) evaluation.assign(target, value);
  runStatement(body, evaluation);
}

function attempt({ block, handler, finalizer }: TryStatement, evaluation: Evaluation): void {
  runStatement(block, evaluation);
  if (handler) {
    const { machine } = evaluation;
    if (handler.param) {
      // The message and stack of an error that a builtin threw.
      const error = machine.data(handler, 'error');
      evaluation.assign(handler.param, union(machine.flow.read(machine.thrown), error, machine.atoms.unknown));
    }
    runStatement(handler.body, evaluation);
  }
  if (finalizer) runStatement(finalizer, evaluation);
}

/** Whether a function may reach the end of these statements without returning. */
export function mayComplete(statements: readonly Node[]): boolean {
  const last = statements.at(-1) as Statement | undefined;
  if (last?.type === 'ReturnStatement' || last?.type === 'ThrowStatement') return false;
  if (last?.type === 'BlockStatement') return mayComplete(last.body);
  if (last?.type !== 'IfStatement' || !last.alternate) return true;
  return mayComplete([last.consequent]) || mayComplete([last.alternate]);
}
