import type { AssignmentExpression, BinaryExpression, Expression, TemplateLiteral, UnaryExpression } from 'acorn';

import { Args } from './arguments.js';
import type { Evaluation } from './evaluation.js';
import { keyOf } from './patterns.js';
import { concatenate, plus } from './syntax/names.js';
import { union, type Value } from './values/atoms.js';

/** A string, or its known prefix. */
export function evaluateTemplate({ quasis, expressions }: TemplateLiteral, evaluation: Evaluation): Value {
  const { atoms } = evaluation.machine;
  let text = atoms.constant(quasis[0]?.value.cooked ?? '');
  expressions.forEach((expression, index) => {
    const value = evaluation.evaluate(expression);
    evaluation.machine.readWhole(value, expression);
    const next = atoms.constant(quasis[index + 1]?.value.cooked ?? '');
    evaluation.machine.flow.step(text.size * value.size);
    text = concatenate(atoms, concatenate(atoms, text, value), next);
  });
  return text;
}

export function evaluateUnary({ operator, argument }: UnaryExpression, evaluation: Evaluation): Value {
  const { atoms } = evaluation.machine;
  if (operator === 'delete') {
    const target = argument.type === 'ChainExpression' ? argument.expression : argument;
    if (target.type === 'MemberExpression' && target.object.type !== 'Super') {
      const object = evaluation.evaluate(target.object);
      evaluation.machine.remove(object, keyOf(target, target.property, evaluation), target);
    } else evaluation.evaluate(argument);
    return atoms.primitive;
  }
  const value = evaluation.evaluate(argument);
  if (operator === 'void') return atoms.undefined;
  if (operator === '!' || operator === 'typeof') return atoms.primitive;
  evaluation.machine.readWhole(value, argument);
  return atoms.number;
}

/** Operators that read the contents of their operands read them as a whole. */
export function evaluateBinary({ operator, left, right }: BinaryExpression, evaluation: Evaluation): Value {
  const { atoms } = evaluation.machine;
  const [a, b] = [
    left.type === 'PrivateIdentifier' ? atoms.primitive : evaluation.evaluate(left),
    evaluation.evaluate(right),
  ];
  switch (operator) {
    case 'in':
      evaluation.machine.has(b, a, right);
      return atoms.primitive;
    case 'instanceof': {
      const tests = evaluation.machine.given(b, '@@hasInstance', right);
      if (tests.size > 0) evaluation.machine.call(tests, b, new Args([a], atoms.undefined), right);
      return atoms.primitive;
    }
    case '===':
    case '!==':
      return atoms.primitive;
    case '+':
      evaluation.machine.readWhole(union(a, b), right);
      evaluation.machine.flow.step(a.size * b.size);
      return plus(atoms, a, b);
    default:
      evaluation.machine.readWhole(union(a, b), right);
      return /^[-*/%|^&]|<<|>>/.test(operator) ? atoms.number : atoms.primitive;
  }
}

export function evaluateAssignment(node: AssignmentExpression, evaluation: Evaluation): Value {
  const { atoms } = evaluation.machine;
  const { operator, left, right } = node;
  if (operator === '=') {
    const value = evaluation.evaluate(right);
    evaluation.assign(left, value);
    return value;
  }
  const before = evaluation.evaluate(left as Expression);
  const operand = evaluation.evaluate(right);
  const isLogical = ['||=', '&&=', '??='].includes(operator);
  if (!isLogical) evaluation.machine.readWhole(union(before, operand), node);
  evaluation.machine.flow.step(before.size * operand.size);
  const value = isLogical ? operand : operator === '+=' ? plus(atoms, before, operand) : atoms.number;
  evaluation.assign(left, value);
  return isLogical ? union(before, value) : value;
}
