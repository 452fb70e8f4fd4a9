import type {
  CallExpression,
  Class,
  ClassDeclaration,
  Expression,
  FunctionDeclaration,
  Identifier,
  Literal,
  NewExpression,
  Node,
  ObjectExpression,
  Pattern,
  Program,
  TemplateLiteral,
  VariableDeclaration,
} from 'acorn';
import { mentionedNames, namesOf, walk } from '../lowering/names.js';
import { childrenOf } from '../parse-script.js';
import { targetsOf } from '../scopes/assignment-targets.js';
import { isFunction } from '../scopes/functions.js';
import { CTX_FIELDS } from './calling.js';

/** Constructors and functions that only make an object of their argument. */
const MAKERS: ReadonlySet<string> = new Set(['Map', 'Set', 'WeakMap', 'WeakSet', 'Object.freeze', 'Symbol']);
/** What our own code around the statements names. */
const RESERVED: ReadonlySet<string> = new Set([...Object.values(CTX_FIELDS), 'TypeError', 'SyntaxError']);
/** A variable of such a name is one of its own function alone, for the engine. */
const CONSTANTS: ReadonlySet<string> = new Set(['undefined', 'NaN', 'Infinity']);
const BASES: ReadonlySet<string> = new Set(['Error', 'TypeError', 'RangeError', 'Map', 'Set', 'Array']);
/** Each round takes away what refers to what the one before took away. More are in no program that a person wrote. */
const MAX_ROUNDS = 20;
const ARITHMETIC = /^[-+*/%]$/;

/** A statement that may be moved, with the names that it declares and mentions. */
interface Candidate {
  readonly statement: Node;
  readonly declared: readonly string[];
  readonly mentioned: ReadonlySet<string>;
  /** Names whose values it uses when it is evaluated. */
  readonly used: readonly string[];
  /** Names with another value before it is evaluated, which statements before it may read or change. */
  readonly late: readonly string[];
}

/**
 * The statements at the top level of a module that give the same whenever they are evaluated, end at once, and do nothing else: they
 * declare functions, classes, and values made of literals, and refer to nothing that other statements declare.
 *
 * @param isBundled whether a bundler wrote it, which writes `var` for `const` and `class`
 */
export function pureStatements(program: Program, isBundled: boolean): ReadonlySet<Node> {
  try {
    return findPure(program, isBundled);
  } catch (error) {
    // Nested too deeply to be followed.
    if (error instanceof RangeError) return new Set();
    throw error;
  }
}

function findPure({ body }: Program, isBundled: boolean): ReadonlySet<Node> {
  const counts = new Map<string, number>();
  for (const statement of body) for (const name of declaredIn(statement)) counts.set(name, (counts.get(name) ?? 0) + 1);
  const isDeclared = (name: string) => counts.has(name);
  const { assigned, changed } = assignedIn(body);
  // What a module puts in the place of a builtin is its own.
  const isOwn = (name: string) =>
    isDeclared(name) || assigned.has(name) || changed.has(name) || changed.has('globalThis');
  let candidates: Candidate[] = [];
  for (const statement of body) {
    const used = usedBy(statement, isOwn);
    const declared = declaredIn(statement);
    // A name that is declared again is one variable of both.
    if (
      used === undefined ||
      declared.some((name) => counts.get(name) !== 1 || CONSTANTS.has(name) || RESERVED.has(name))
    )
      continue;
    // Its value would be that before any statement.
    if (used.some((name) => assigned.has(name))) continue;
    candidates.push({
      statement,
      declared,
      mentioned: mentionedNames(statement),
      used,
      late: initialisedVars(statement),
    });
  }
  // What a bundler writes as `var` was never read too early by what is called: it would have been an error.
  const isFar = (name: string) => !isBundled || assigned.has(name);
  const imported = body.filter(({ type }) => type === 'ImportDeclaration').flatMap(declaredIn);
  let rounds = 0;
  for (let before = -1; before !== candidates.length; ) {
    if (rounds++ === MAX_ROUNDS) return new Set();
    before = candidates.length;
    const moved = new Set([...imported, ...candidates.flatMap(({ declared }) => declared)]);
    const known = new Set(candidates.flatMap(({ statement, declared }) => (isHoisted(statement) ? declared : [])));
    candidates = candidates.filter(({ declared, mentioned, used }) => {
      const isPure =
        [...mentioned].every((name) => !isDeclared(name) || moved.has(name)) && used.every((name) => known.has(name));
      if (isPure) for (const name of declared) known.add(name);
      return isPure;
    });
    const early = candidates.some(({ late }) => late.length > 0) ? reachedBefore(body, candidates, isFar) : NONE;
    candidates = candidates.filter(({ statement }) => !early.has(statement));
  }
  return new Set(candidates.map(({ statement }) => statement));
}

const NONE: ReadonlySet<Node> = new Set();

/**
 * Candidates whose variables the statements before them may know, by a name in them or in what they may call.
 *
 * @param isFar whether names in what they may call matter to a variable
 */
function reachedBefore(
  body: readonly Node[],
  candidates: readonly Candidate[],
  isFar: (name: string) => boolean,
): ReadonlySet<Node> {
  const byStatement = new Map(candidates.map((candidate) => [candidate.statement, candidate]));
  const declaring = new Map<string, Node[]>();
  for (const statement of body)
    for (const name of declaredIn(statement)) declaring.set(name, [...(declaring.get(name) ?? []), statement]);
  const reached = new Set<string>();
  const near = new Set<string>();
  const found = new Set<Node>();
  const visited = new Set<Node>();
  const reach = (first: Node): void => {
    const waiting = [first];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      if (visited.has(node)) continue;
      visited.add(node);
      for (const name of byStatement.get(node)?.mentioned ?? mentionedNames(node)) {
        if (!reached.has(name)) waiting.push(...(declaring.get(name) ?? []));
        reached.add(name);
      }
    }
  };
  for (const statement of body) {
    const candidate = byStatement.get(statement);
    const isEarly = candidate?.late.some((name) => (isFar(name) ? reached : near).has(name)) === true;
    if (isEarly) found.add(statement);
    if (!isEarly && (candidate !== undefined || statement.type === 'ImportDeclaration')) continue;
    for (const name of mentionedNames(statement)) near.add(name);
    reach(statement);
  }
  return found;
}

/** The names of `var` with a value. */
function initialisedVars(statement: Node): string[] {
  const { type, kind, declarations } = inner(statement) as VariableDeclaration;
  if (type !== 'VariableDeclaration' || kind !== 'var') return [];
  return declarations.flatMap(({ id, init }) => (init ? namesOf(id) : []));
}

/** Names that something is assigned to after their declaration, in any scope, and those of objects with a property that is. */
function assignedIn(body: readonly Node[]): {
  readonly assigned: ReadonlySet<string>;
  readonly changed: ReadonlySet<string>;
} {
  const names = new Set<string>();
  const changed = new Set<string>();
  for (const statement of body) {
    for (const node of walk(statement)) {
      for (const target of targetsOf(node)) {
        let object: Node | undefined = target;
        while (object?.type === 'MemberExpression') object = (object as Node & { object?: Node }).object;
        if (object?.type !== 'Identifier') continue;
        const { name } = object as Identifier;
        changed.add(name);
        if (object === target) names.add(name);
      }
    }
  }
  return { assigned: names, changed };
}

/** Its value is there before any statement is evaluated. */
function isHoisted(statement: Node): boolean {
  return inner(statement).type === 'FunctionDeclaration';
}

/** What an export declares. */
function inner(statement: Node): Node {
  const { type, declaration } = statement as Node & { declaration?: Node | null };
  return (type === 'ExportNamedDeclaration' || type === 'ExportDefaultDeclaration') && declaration
    ? declaration
    : statement;
}

/** Names of the module's scope that a statement declares, also with `var` in its blocks. */
function declaredIn(statement: Node): string[] {
  const node = inner(statement);
  if (node.type === 'ImportDeclaration')
    return (node as Node & { specifiers: { local: { name: string } }[] }).specifiers.map(({ local }) => local.name);
  if (isFunction(node) || node.type.startsWith('Class')) {
    const { id } = node as Node & { id?: { name: string } | null };
    return id && node.type.endsWith('Declaration') ? [id.name] : [];
  }
  if (node.type === 'VariableDeclaration')
    return (node as VariableDeclaration).declarations.flatMap(({ id }) => namesOf(id));
  return varsIn(node);
}

function varsIn(node: Node): string[] {
  if (isFunction(node) || node.type.startsWith('Class')) return [];
  const { kind, declarations } = node as VariableDeclaration;
  const own =
    node.type === 'VariableDeclaration' && kind === 'var'
      ? declarations.flatMap(({ id }: { id: Pattern }) => namesOf(id))
      : [];
  return [...own, ...childrenOf(node).flatMap(varsIn)];
}

/** @returns the names whose values it uses when it is evaluated; undefined if it may do anything else */
function usedBy(statement: Node, isDeclared: (name: string) => boolean): string[] | undefined {
  const node = inner(statement);
  const used: string[] = [];
  const isPure = (expression: Expression | null | undefined) => isPureExpression(expression, used, isDeclared);
  switch (node.type) {
    case 'FunctionDeclaration':
      return (node as FunctionDeclaration).id === null ? undefined : used;
    case 'ClassDeclaration':
      return (node as ClassDeclaration).id !== null && isPureClass(node as Class, used, isDeclared) ? used : undefined;
    case 'VariableDeclaration': {
      const { kind, declarations } = node as VariableDeclaration & { kind: string };
      const isPlain = kind === 'const' || kind === 'let' || kind === 'var';
      const arePure = declarations.every(({ id, init }) => id.type === 'Identifier' && (!init || isPure(init)));
      return isPlain && arePure ? used : undefined;
    }
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      // What a default export is.
      return statement === node ? undefined : used;
    default:
      return undefined;
  }
}

function isPureExpression(
  node: Expression | null | undefined,
  used: string[],
  isDeclared: (name: string) => boolean,
): boolean {
  const isPure = (child: Node | null | undefined) => isPureExpression(child as Expression, used, isDeclared);
  switch (node?.type) {
    case undefined:
    case 'Literal':
    case 'FunctionExpression':
    case 'ArrowFunctionExpression':
      return true;
    case 'Identifier':
      if (!isDeclared(node.name)) return CONSTANTS.has(node.name);
      used.push(node.name);
      return true;
    case 'TemplateLiteral':
      return (node as TemplateLiteral).expressions.every(isPrimitive);
    case 'ArrayExpression':
      return node.elements.every((element) => element === null || isPure(element));
    case 'ObjectExpression':
      return (node as ObjectExpression).properties.every(
        (property) =>
          property.type === 'Property' && (!property.computed || isPrimitive(property.key)) && isPure(property.value),
      );
    case 'ClassExpression':
      return isPureClass(node as Class, used, isDeclared);
    case 'UnaryExpression':
    case 'BinaryExpression':
      return isPrimitive(node);
    case 'NewExpression':
    case 'CallExpression':
      return isMaker(node as NewExpression | CallExpression, isDeclared) && node.arguments.every(isPure);
    default:
      return false;
  }
}

/** `new Map([…])`, `Object.freeze({…})`, with the builtins of these names. */
function isMaker(
  { type, callee, arguments: given }: NewExpression | CallExpression,
  isDeclared: (name: string) => boolean,
): boolean {
  const name = nameOfCallee(callee);
  if (name === undefined || !MAKERS.has(name) || isDeclared(name.split('.')[0] as string)) return false;
  if ((type === 'NewExpression') !== /^(?:Weak)?(?:Map|Set)$/.test(name)) return false;
  const [first, ...others] = given;
  if (others.length > 0) return false;
  if (name === 'Symbol') return first === undefined || isPrimitive(first);
  if (name === 'Object.freeze') return first?.type === 'ObjectExpression' || first?.type === 'ArrayExpression';
  // Of pairs, which a collection takes apart.
  if (first === undefined) return true;
  return name === 'Set'
    ? first.type === 'ArrayExpression'
    : name === 'Map' &&
        first.type === 'ArrayExpression' &&
        first.elements.every((pair) => pair?.type === 'ArrayExpression');
}

function nameOfCallee(callee: Node): string | undefined {
  if (callee.type === 'Identifier') return (callee as Node & { name: string }).name;
  const { object, property, computed } = callee as Node & { object?: Node; property?: Node; computed?: boolean };
  if (callee.type !== 'MemberExpression' || computed || object?.type !== 'Identifier') return undefined;
  return `${(object as Node & { name: string }).name}.${(property as Node & { name: string }).name}`;
}

/** Without anything that is evaluated with the class itself, but for its base. */
function isPureClass({ superClass, body }: Class, used: string[], isDeclared: (name: string) => boolean): boolean {
  if (superClass) {
    if (superClass.type !== 'Identifier') return false;
    if (isDeclared(superClass.name)) used.push(superClass.name);
    else if (!BASES.has(superClass.name)) return false;
  }
  return body.body.every((member) => {
    if (member.type === 'StaticBlock') return false;
    if (member.computed && !isPrimitive(member.key)) return false;
    return member.type === 'MethodDefinition' || !member.static;
  });
}

/** A text, a number or another primitive made of literals; no large number, whose arithmetic may take long. */
function isPrimitive(node: Node): boolean {
  switch (node.type) {
    case 'Literal': {
      const { value, bigint, regex } = node as Literal;
      return bigint == null && regex == null && typeof value !== 'object';
    }
    case 'UnaryExpression': {
      const { operator, argument } = node as Node & { operator: string; argument: Node };
      return operator !== 'delete' && operator !== 'throw' && isPrimitive(argument);
    }
    case 'BinaryExpression': {
      const { operator, left, right } = node as Node & { operator: string; left: Node; right: Node };
      return ARITHMETIC.test(operator) && isPrimitive(left) && isPrimitive(right);
    }
    default:
      return false;
  }
}
