import type { Expressions } from './expressions.js';
import type { Random } from './random.js';
import type { Scope, Type } from './scope.js';

const TYPES: readonly Type[] = ['num', 'num', 'str', 'bool', 'big', 'arr', 'obj'];
/** How deep an expression nests at most. */
const DEPTH = 3;

/** Lines of a program, indented relative to where they go. */
export type Lines = string[];

type MakeLines = (scope: Scope, depth: number) => Lines;

export const indent = (lines: Lines): Lines => lines.map((line) => `  ${line}`);

/** Makes statements. Every loop counts to a constant, so that programs end. */
export class Statements {
  readonly #random: Random;
  readonly #expressions: Expressions;
  readonly #more: Record<string, MakeLines>;
  /** Kinds of statements from `more` that were made so far. */
  readonly used = new Set<string>();
  #names = 0;

  /** `more` makes statements that are not made here; they may call back for nested ones. */
  constructor(random: Random, expressions: Expressions, more: (statements: Statements) => Record<string, MakeLines>) {
    this.#random = random;
    this.#expressions = expressions;
    this.#more = more(this);
  }

  name(prefix: string): string {
    return `${prefix}${this.#names++}`;
  }

  expression(type: Type, scope: Scope, depth = DEPTH): string {
    return this.#expressions.of(type, scope, depth);
  }

  /** Statements in a separate block, sometimes with a name that shadows an outer one. */
  block(scope: Scope, depth: number): Lines {
    const inner = scope.inner();
    return [...this.#shadow(inner), ...this.body(inner, depth)];
  }

  /** Statements in a block that they share with others. */
  body(scope: Scope, depth: number): Lines {
    return this.#random.times(1, 3, () => this.statement(scope, depth - 1)).flat();
  }

  statement(scope: Scope, depth: number): Lines {
    const simple: MakeLines[] = [this.#declaration, this.#declaration, this.#assignment, this.#note, this.#patterns];
    const nested: MakeLines[] = [this.#condition, this.#loop, this.#loop, this.#choice, this.#attempt, this.#labels];
    const make = depth <= 0 || this.#random.chance(0.35) ? this.#random.pick(simple) : undefined;
    if (make !== undefined) return make.call(this, scope, depth);
    const index = this.#random.integer(0, nested.length + Object.keys(this.#more).length - 1);
    const own = nested[index];
    if (own !== undefined) return own.call(this, scope, depth);
    const [kind, makeLines] = this.#random.pick(Object.entries(this.#more));
    this.used.add(kind);
    return makeLines(scope, depth);
  }

  #shadow(scope: Scope): Lines {
    const { variables } = scope;
    if (variables.length === 0 || !this.#random.chance(0.2)) return [];
    const { name } = this.#random.pick(variables);
    const type = this.#random.pick(TYPES);
    // Its initialiser must not mention the name: that would be its dead zone.
    const line = `let ${name} = ${this.#expressions.literal(type)};`;
    scope.declare(name, type, true);
    return [line];
  }

  #declaration(scope: Scope): Lines {
    const type = this.#random.pick(TYPES);
    const keyword = this.#random.pick(['const', 'let', 'let', 'let']);
    const value = this.expression(type, scope);
    const name = this.name('v');
    scope.declare(name, type, keyword === 'let');
    return [`${keyword} ${name} = ${value};`];
  }

  #assignment(scope: Scope): Lines {
    const type = this.#random.pick(TYPES);
    const targets = scope.targets(type);
    if (targets.length === 0) return this.#note(scope);
    const value = this.expression(type, scope);
    // Text and lists must not grow without bound when the assignment stands in a loop.
    const cut = { str: '.slice(0, 40)', arr: '.slice(0, 8)', num: '', bool: '', big: '', obj: '' }[type];
    return [`${this.#random.pick(targets)} = (${value})${cut};`];
  }

  #note(scope: Scope): Lines {
    const values = this.#random.times(1, 2, () => this.expression(this.#random.pick(TYPES), scope));
    return [`note(${values.join(', ')});`];
  }

  #patterns(scope: Scope): Lines {
    const [a, b, c, d] = [this.name('v'), this.name('v'), this.name('v'), this.name('v')];
    const form = this.#random.integer(0, 3);
    const list = this.expression('arr', scope);
    const object = this.expression('obj', scope);
    const spare = this.expression('num', scope, 1);
    scope.declare(a, 'num', true);
    if (form === 0) {
      scope.declare(b, 'arr', true);
      return [`let [${a} = ${spare}, , ...${b}] = ${list};`];
    }
    if (form === 1) {
      for (const [name, type] of [[b, 'str'] as const, [c, 'num'] as const]) scope.declare(name, type, true);
      return [`let { a: ${a}, b: ${b} = 'none', c: [${c} = ${spare}] = [], ...${d} } = ${object};`, `note(${d});`];
    }
    if (form === 2) return [`let ${a} = ${spare};`, `[${a}, o[${a}]] = [o[${a}] ?? 1, ${a}];`];
    return [`let ${a} = 0;`, `({ length: ${a}, [${a}]: o.first = 'f' } = ${list});`];
  }

  #condition(scope: Scope, depth: number): Lines {
    const test = this.expression('bool', scope);
    const otherwise = this.#random.chance(0.6)
      ? ['} else {', ...indent(this.block(scope, depth)), '}']
      : ['} else note("else");'];
    return [`if (${test}) {`, ...indent(this.block(scope, depth)), ...otherwise];
  }

  #loop(scope: Scope, depth: number): Lines {
    const [i, n] = [this.name('i'), this.#random.integer(2, 4)];
    const inner = scope.inner();
    const kind = this.#random.integer(0, 5);
    const list = this.expression('arr', scope);
    const text = this.expression('str', scope);
    const object = this.expression('obj', scope);
    if (kind < 4) inner.declare(i, kind === 3 ? 'str' : 'num', false);
    const exit = this.#random.pick(['continue', 'break', 'note("same")']);
    const skip = `if (${this.expression('bool', inner, 2)}) ${exit};`;
    // Not both: a name that the block declares anew is dead in front of it.
    const body = indent(this.#random.chance(0.5) ? [skip, ...this.body(inner, depth)] : this.block(inner, depth));
    switch (kind) {
      case 0:
        return [`for (let ${i} = 0; ${i} < ${n}; ${i}++) {`, ...body, '}'];
      case 1:
        return [`for (const ${i} of ${list}) {`, ...body, '}'];
      case 2:
        return [`for (const [${i}, entry] of [...${text}].slice(0, 3).entries()) {`, '  note(entry);', ...body, '}'];
      case 3:
        return [`for (const ${i} in ${object}) {`, ...body, '}'];
      case 4:
        return [`let ${i} = 0;`, `while (${i}++ < ${n}) {`, ...body, '}'];
      default:
        return [`var ${i} = ${n};`, 'do {', ...body, `} while (--${i} > 0);`];
    }
  }

  #choice(scope: Scope, depth: number): Lines {
    const [type, test] = this.#random.pick([['num', '(%) & 3'] as const, ['str', 'typeof (%)'] as const]);
    const labels = type === 'num' ? ['0', '1', '2'] : ["'number'", "'string'", "'bigint'"];
    const value = this.expression(type === 'num' ? 'num' : this.#random.pick(TYPES), scope);
    const cases = labels.flatMap((label) => [
      `case ${label}: {`,
      ...indent(this.block(scope, depth)),
      this.#random.chance(0.6) ? '} break;' : '}',
    ]);
    const fallback = ['default:', '  note("default");'];
    const at = this.#random.pick([0, cases.length]);
    const ordered = at === 0 ? [...fallback, ...cases] : [...cases, ...fallback];
    return [`switch (${test.replace('%', () => value)}) {`, ...indent(ordered), '}'];
  }

  #attempt(scope: Scope, depth: number): Lines {
    const thrown = this.#random.pick([
      `new RangeError(${this.expression('str', scope, 2)})`,
      `{ code: ${this.expression('num', scope, 2)} }`,
      this.expression('num', scope, 2),
    ]);
    const wrong = this.#random.pick(['null.x', 'missing', 'o.nope()', '1n + 1', '[].reduce((x) => x)', 'new o()']);
    const raise = this.#random.pick([
      `throw ${thrown};`,
      `${wrong};`,
      `if (${this.expression('bool', scope)}) throw ${thrown};`,
    ]);
    const handler = ['} catch (error) {', '  note(error);', ...indent(this.block(scope, depth))];
    const last = ['} finally {', ...indent(this.block(scope, depth))];
    const tail = this.#random.pick([handler, [...handler, ...last]]);
    return ['try {', ...indent([...this.body(scope.inner(), depth), raise]), ...tail, '}'];
  }

  #labels(scope: Scope, depth: number): Lines {
    const [label, i, j] = [this.name('l'), this.name('i'), this.name('i')];
    const inner = scope.inner();
    inner.declare(i, 'num', false);
    inner.declare(j, 'num', false);
    const leave = `if (${this.expression('bool', inner, 2)}) ${this.#random.pick(['continue', 'break'])} ${label};`;
    return [
      `${label}: for (let ${i} = 0; ${i} < 3; ${i}++) {`,
      `  for (let ${j} = 2; ${j}--; ) {`,
      '    try {',
      ...indent(indent(indent([...this.body(inner, depth), leave]))),
      '    } finally {',
      `      note(${i}, ${j});`,
      '    }',
      '  }',
      '}',
    ];
  }
}
