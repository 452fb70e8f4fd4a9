import type { Random } from './random.js';
import type { Scope, Type } from './scope.js';
import { indent, type Lines, type Statements } from './statements.js';

const RESULTS: readonly Type[] = ['num', 'str', 'big', 'arr'];

type MakeLines = (scope: Scope, depth: number) => Lines;

/** Statements that define something to call: functions, generators, classes and asynchronous functions. */
export function definitions(random: Random): (statements: Statements) => Record<string, MakeLines> {
  return (make) => ({
    function: (scope, depth) => defineFunction(random, make, scope, depth),
    closure: (scope) => defineClosure(random, make, scope),
    generator: (scope, depth) => defineGenerator(random, make, scope, depth),
    class: (scope, depth) => defineClass(random, make, scope, depth),
    async: (scope, depth) => defineAsync(random, make, scope, depth),
    stream: (scope, depth) => defineStream(random, make, scope, depth),
    collection: (scope) => useCollection(random, make, scope),
    interception: (scope) => useProxy(random, make, scope),
  });
}

/** A scope for the body of a function, with its parameters declared and nothing to call, so that calls cannot multiply. */
function bodyScope(scope: Scope, parameters: Record<string, Type>, isAsync: boolean, isStrict = scope.isStrict): Scope {
  const inner = scope.inner({ isAsync, isStrict });
  inner.callables.length = 0;
  for (const [name, type] of Object.entries(parameters)) inner.declare(name, type, true);
  return inner;
}

function defineFunction(random: Random, make: Statements, scope: Scope, depth: number): Lines {
  const name = make.name('f');
  const result = random.pick(RESULTS);
  const [x, y] = [make.name('p'), make.name('p')];
  const body = bodyScope(scope, { [x]: 'num', [y]: 'num' }, false);
  const early = `if (${make.expression('bool', body, 2)}) return ${make.expression(result, body)};`;
  const rest = make.body(body, depth);
  const end = `return ${make.expression(result, body)};`;
  const last = random.chance(0.3) ? ['try {', `  ${end}`, '} finally {', `  note(${x});`, '}'] : [end];
  const head = random.pick([`${x}, ${y} = 2`, `${x}, { ${y} = 3 } = {}`, `${x} = 1, ...[${y} = ${x}]`]);
  const count = head.includes('=') ? 'note(arguments.length);' : `note(${y});`;
  scope.callables.push({ call: `${name}(%)`, result, needsAwait: false });
  scope.callables.push({ call: `${name}.call({ self: 1 }, %)`, result, needsAwait: false });
  return [`function ${name}(${head}) {`, ...indent([count, early, ...rest, ...last]), '}'];
}

function defineClosure(random: Random, make: Statements, scope: Scope): Lines {
  const [name, state] = [make.name('c'), make.name('s')];
  const body = bodyScope(scope, { [state]: 'num', x: 'num' }, false);
  const step = make.expression('num', body, 2);
  const initial = make.expression('num', scope, 1);
  scope.callables.push({ call: `${name}(%)`, result: 'num', needsAwait: false });
  return random.pick([
    [`const ${name} = ((${state}) => (x) => (${state} = ${state} + ${step}))(${initial});`],
    [`let ${state} = ${initial};`, `const ${name} = (x) => { ${state} += x; return ${step}; };`],
    [`const ${name} = (x, ${state} = ${make.expression('num', bodyScope(scope, {}, false), 1)}) => ${step};`],
  ]);
}

function defineGenerator(random: Random, make: Statements, scope: Scope, depth: number): Lines {
  const [name, x] = [make.name('g'), make.name('p')];
  const body = bodyScope(scope, { [x]: 'num' }, false);
  const middle = make.body(body, depth);
  const yields = random.pick([
    [`${x} = yield ${make.expression('num', body)};`, `note(${x});`, `yield ${make.expression('num', body)};`],
    [`yield* ${make.expression('arr', body)};`, `yield ${x};`],
    [`for (let i = 0; i < 3; i++) try { yield i * ${x}; } finally { note(i); }`],
    [`note(yield* (function* () { const got = yield ${x}; return [got]; })());`],
  ]);
  scope.callables.push({ call: `[...${name}(%)].slice(0, 6)`, result: 'arr', needsAwait: false });
  scope.callables.push({ call: `(([first]) => Number(first))(${name}(%))`, result: 'num', needsAwait: false });
  const drive = random.pick([
    [`for (const x of ${name}(2)) if (note(x) > 1) break;`],
    ['{', `  const it = ${name}(1);`, '  note(it.next(), it.next(5), it.return("r"), it.next());', '}'],
    ['{', `  const it = ${name}(3);`, '  it.next();', '  try { note(it.throw("t")); } catch (e) { note(e); }', '}'],
    [`note(Math.max(...${name}(4)), new Set(${name}(0)));`],
  ]);
  return [`function* ${name}(${x}) {`, ...indent([...middle, ...yields, `return ${x};`]), '}', ...drive];
}

function defineClass(random: Random, make: Statements, scope: Scope, depth: number): Lines {
  const [base, name] = [make.name('B'), make.name('C')];
  const method = bodyScope(scope, { x: 'num' }, false, true);
  // A field initialiser sees this, but no parameter.
  const field = bodyScope(scope, {}, false, true);
  const result = random.pick(RESULTS);
  scope.callables.push({ call: `new ${name}(%).run(1)`, result, needsAwait: false });
  scope.callables.push({ call: `${name}.of(%).value`, result: 'num', needsAwait: false });
  return [
    `class ${base} {`,
    `  kind = ${make.expression('str', field, 2)};`,
    '  constructor(x) { this.x = x; note(new.target.name); }',
    '  get value() { return Number(this.x) + 1; }',
    `  run(x) { return ${make.expression(result, method)}; }`,
    '}',
    `class ${name} extends ${base} {`,
    `  #secret = ${make.expression('num', field, 2)};`,
    `  static count = ${make.expression('num', field, 1)};`,
    `  static { this.of = (x) => new this(x); ${name}.count++; }`,
    '  set value(v) { this.#secret = v; }',
    '  get value() { return super.value + this.#secret; }',
    `  run(x) {`,
    ...indent(indent([...make.body(method, depth), 'note(#secret in this, this.kind);'])),
    random.chance(0.5) ? '    this.value = x;' : '    this.#secret += x;',
    '    return super.run(x);',
    '  }',
    `  [${random.pick(["'computed'", 'Symbol.iterator', "'k' + 1"])}]() { return [this.#secret].values(); }`,
    '}',
    `note(new ${name}(${make.expression('num', scope, 1)}), ${name}.count);`,
  ];
}

function defineAsync(random: Random, make: Statements, scope: Scope, depth: number): Lines {
  const [name, x] = [make.name('a'), make.name('p')];
  const body = bodyScope(scope, { [x]: 'num' }, true);
  const result = random.pick(RESULTS);
  const lines = [
    ...make.body(body, depth),
    random.chance(0.4) ? `if (${make.expression('bool', body, 2)}) throw new TypeError('async');` : `await ${x};`,
    `return ${make.expression(result, body)};`,
  ];
  const definition = random.chance(0.5)
    ? [`async function ${name}(${x} = 1) {`, ...indent(lines), '}']
    : [`const ${name} = async (${x}) => {`, ...indent(lines), '};'];
  if (!scope.isAsync) return [...definition, `pending.push(${name}(1));`];
  return [
    ...definition,
    ...random.pick([
      [`note(await ${name}(2).catch((e) => e.message));`],
      [`note(await Promise.allSettled([${name}(1), ${name}(2), 3]));`],
      [`try { note(await ${name}(3)); } catch (e) { note(e); }`],
      [`pending.push(${name}(4).then((v) => note('then', v)).finally(() => note('finally')));`],
    ]),
  ];
}

function defineStream(random: Random, make: Statements, scope: Scope, depth: number): Lines {
  const name = make.name('s');
  const body = bodyScope(scope, { x: 'num' }, true);
  const lines = [
    'try {',
    ...indent(make.body(body, depth)),
    `  yield ${make.expression('num', body)};`,
    `  yield* [Promise.resolve(x), ${make.expression('str', body, 2)}];`,
    '} finally {',
    "  note('closed');",
    '}',
  ];
  const consume = `for await (const x of ${name}(1)) { note(x); ${random.pick(['', 'if (x) break;', 'continue;'])} }`;
  const use = scope.isAsync
    ? `try { ${consume} } catch (e) { note(e); }`
    : `pending.push((async () => { ${consume} })());`;
  return [`async function* ${name}(x) {`, ...indent(lines), '}', use];
}

function useCollection(random: Random, make: Statements, scope: Scope): Lines {
  const name = make.name('m');
  const key = () => make.expression(random.pick(['num', 'str', 'big', 'bool'] as const), scope, 2);
  const pairs = random.times(1, 3, () => `[${key()}, ${make.expression('num', scope, 2)}]`).join(', ');
  return [
    `const ${name} = new Map([${pairs}]);`,
    `${name}.set(${key()}, ${name}.size).delete(${key()});`,
    random.pick([
      `note(${name}, [...${name}.keys()].map((k) => typeof k));`,
      `${name}.forEach((v, k) => note(k, v));`,
      `note(Object.fromEntries([...${name}].map(([k, v]) => [String(k), v])));`,
      `note(new Set(${name}.values()).union(new Set(${make.expression('arr', scope, 2)})));`,
    ]),
  ];
}

function useProxy(random: Random, make: Statements, scope: Scope): Lines {
  const name = make.name('x');
  const trap = random.pick([
    "get(t, k, r) { return typeof k === 'string' && k in t ? Reflect.get(t, k, r) : 'absent'; }",
    "set(t, k, v) { note('set', k); return Reflect.set(t, k, v); }",
    "has(t, k) { note('has', k); return Reflect.has(t, k); }",
    "ownKeys(t) { note('keys'); return Reflect.ownKeys(t).reverse(); }",
  ]);
  const sloppy = scope.isStrict ? '' : `with (${name}) { note(typeof a, typeof zz); }`;
  return [
    `const ${name} = new Proxy(${make.expression('obj', scope)}, { ${trap} });`,
    `note(${name}.a, ${name}.zz, 'b' in ${name}, Reflect.set(${name}, 'n', ${make.expression('num', scope, 1)}));`,
    random.pick([`note(Object.keys(${name}));`, `note({ ...${name} });`, `delete ${name}.n;`, sloppy]),
  ].filter((line) => line !== '');
}
