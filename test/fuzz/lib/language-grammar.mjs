// Programs of the whole language. Their log shows the order of evaluation, which is the same in every correct engine.

export const PREAMBLE = `const log = []; let fuel = 500; const later = []; Function.prototype.toString = () => 'text'; Error.prototype.toString = function () { return this.name + '!'; };
const spend = () => { if (--fuel < 0) throw new RangeError('fuel'); };
const show = (v, d = 0) => { switch (typeof v) {
  case 'string': return JSON.stringify(v.slice(0, 60)); case 'bigint': return v + 'n'; case 'symbol': return 'symbol'; case 'function': return 'f' + v.length;
  case 'number': return Object.is(v, -0) ? '-0' : Number.isInteger(v) ? String(v) : String(Number(v.toPrecision(11))); case 'object': break; default: return String(v); }
  if (v === null) return 'null'; if (d > 3) return '…'; if (v instanceof Error) return v.name; if (v instanceof Date) return 'D' + v.getTime();
  if (v instanceof RegExp) return String(v) + v.lastIndex; if (v instanceof Map || v instanceof Set) return v.constructor.name + show([...v].slice(0, 12), d + 1);
  if (v instanceof Promise) return 'Promise'; if (ArrayBuffer.isView(v)) return v.constructor.name + '[' + [...v].slice(0, 12).join() + ']';
  if (Array.isArray(v)) { const s = []; for (let i = 0; i < v.length && i < 16; i++) s.push(i in v ? show(v[i], d + 1) : 'hole'); return '[' + s.join() + ']'; }
  const s = []; for (const k of Reflect.ownKeys(v).slice(0, 12)) { const p = Reflect.getOwnPropertyDescriptor(v, k); s.push(String(k) + ':' + (p.get || p.set ? 'accessor' : show(p.value, d + 1))); } return '{' + s.join() + '}'; };
const note = (tag, v) => { spend(); log.push(tag + '=' + show(v)); return v; };
const calm = (tag, f) => { try { return note(tag, f()); } catch (e) { note(tag + '!', e); } };
const iter = (n, end, ways = {}) => ({ [Symbol.iterator]() { let i = 0; note(n + 'open', 0); return { next(v) { note(n + 'next', v); if (i === ways.fails) throw new TypeError('n'); return { done: i >= end, value: i++ }; },
  return(v) { note(n + 'return', v); if (ways.closing) throw new SyntaxError('r'); return ways.primitive ? 1 : { value: v, done: true }; } }; } });
const aiter = (n, end, ways = {}) => ({ [Symbol.asyncIterator]() { let i = 0; return { async next(v) { note(n + 'next', v); if (i === ways.fails) throw new TypeError('n'); return { done: i >= end, value: i++ }; },
  async return(v) { note(n + 'return', v); await null; note(n + 'returned', 0); if (ways.closing) throw new SyntaxError('r'); return {}; } }; } });
const key = (n, k) => ({ toString() { note(n + 'key', 0); return k; } });
const num = (n, x) => ({ valueOf() { note(n + 'num', 0); return x; } });
const tag = (s, ...v) => s.raw.join('|') + v.map((x) => show(x)).join();`;

/** Names in scope, and what may stand here. */
class Scope {
  names;
  flags;

  constructor(names = [], flags = {}) {
    this.names = names;
    this.flags = flags;
  }

  inner(flags = {}) {
    return new Scope([...this.names], { ...this.flags, ...flags });
  }

  /** In a function nothing of the loops around it can be left. */
  ofFunction(flags = {}) {
    return new Scope([...this.names], { isFunction: true, ...flags });
  }
}

const NUMBERS = ['0', '1', '-1', '2', '3', '7', '0.5', '-0', '1e21', 'NaN', 'Infinity', '4294967295', '-2147483649'];
const BIGINTS = ['0n', '1n', '-1n', '-3n', '2n ** 64n', '-(2n ** 63n)', '255n'];
const TEXTS = ["''", "'a'", "'ab'", "'é\\u{1f600}'", "'10'", "'x,y'", "'aXbX'"];
const KEYS = ['a', 'b', 'c', '0', '1', 'length'];
const REGEXPS = ['/a/g', '/(?<n>a)|b/', '/[^x]+/y', '/(\\w)(\\d)?/gi', '/(?<=a)./u', '/$/g'];
const ERRORS = ['new RangeError("e")', "'text'", '42', 'null', 'new (class E extends Error { name = "E" })()'];
const ASSIGNMENTS = ['=', '+=', '-=', '*=', '??=', '||=', '&&=', '%=', '<<=', '>>>=', '&=', '**='];
const OPERATORS = [
  '+',
  '-',
  '*',
  '/',
  '%',
  '**',
  '<',
  '<=',
  '>',
  '>=',
  '==',
  '===',
  '!=',
  '&',
  '|',
  '^',
  '<<',
  '>>',
  '>>>',
  '??',
  '&&',
  '||',
  ',',
  'in',
  'instanceof',
];

export class LanguageGrammar {
  #random;
  #count = 0;
  #budget = 70;

  constructor(random) {
    this.#random = random;
  }

  program() {
    const random = this.#random;
    const isAsync = random.chance(0.5);
    const scope = new Scope([], { isAsync });
    const lines = random.list(random.between(3, 7), () => this.#statement(scope, 0));
    return [
      ...(random.chance(0.3) ? ["'use strict';"] : []),
      PREAMBLE,
      'try {',
      ...lines,
      `note('end', [${scope.names.join(', ')}]);`,
      "} catch (e) { note('thrown', e); }",
      ...(isAsync
        ? ["for (const p of later) try { note('settled', await p); } catch (e) { note('rejected', e); }"]
        : ['for (const p of later) p.catch(() => {});']),
      "return log.join(' ');",
    ].join('\n');
  }

  #id(prefix) {
    return `${prefix}${this.#count++}`;
  }

  /** Several statements, each on lines of its own. */
  #statements(scope, depth, most = 3) {
    return this.#random.list(this.#random.between(1, most), () => this.#statement(scope, depth + 1)).join('\n');
  }

  #block(scope, depth, flags) {
    return `{\n${this.#statements(scope.inner(flags), depth)}\n}`;
  }

  #statement(scope, depth) {
    const random = this.#random;
    if (this.#budget-- <= 0 || depth > 4) return `note('${this.#id('n')}', ${this.#simple(scope)});`;
    const { flags } = scope;
    const e = () => this.#expression(scope, 2);
    const choices = [
      [4, () => this.#declaration(scope)],
      [3, () => `note('${this.#id('n')}', ${e()});`],
      [3, () => this.#assignment(scope)],
      [
        3,
        () =>
          `if (${e()}) ${this.#block(scope, depth)}${random.chance(0.4) ? ` else ${this.#block(scope, depth)}` : ''}`,
      ],
      [5, () => this.#loop(scope, depth)],
      [4, () => this.#try(scope, depth)],
      [2, () => this.#switch(scope, depth)],
      [3, () => this.#function(scope, depth)],
      [3, () => this.#class(scope, depth)],
      [1, () => this.#block(scope, depth)],
      [2, () => `later.push((async () => {\n${this.#statements(scope.ofFunction({ isAsync: true }), depth)}\n})());`],
      [3, () => `calm('${this.#id('b')}', () => ${this.#builtin(scope)});`],
    ];
    if (flags.isLoop) choices.push([3, () => this.#jump(scope, 'continue;')], [2, () => this.#jump(scope, 'break;')]);
    else if (flags.isBreakable) choices.push([2, () => this.#jump(scope, 'break;')]);
    if (flags.label !== undefined)
      choices.push([2, () => this.#jump(scope, `${random.pick(['continue', 'break'])} ${flags.label};`)]);
    if (flags.isFunction) choices.push([1.5, () => this.#jump(scope, `return ${e()};`)]);
    if (flags.isGenerator)
      choices.push([
        4,
        () => `note('${this.#id('y')}', yield${random.chance(0.25) ? `* ${this.#iterable(scope)}` : ` ${e()}`});`,
      ]);
    if (flags.isAsync) choices.push([3, () => `note('${this.#id('w')}', await ${e()});`]);
    if (depth > 0) choices.push([0.7, () => this.#jump(scope, `throw ${random.pick(ERRORS)};`)]);
    return random.weighted(choices)();
  }

  #jump(scope, jump) {
    return this.#random.chance(0.25) ? jump : `if (${this.#expression(scope, 1)}) ${jump}`;
  }

  #declaration(scope) {
    const random = this.#random;
    const kind = random.pick(['let', 'const', 'var', 'let']);
    if (random.chance(0.4)) {
      const names = [];
      const isList = random.chance(0.5);
      const text = `${kind} ${isList ? this.#listPattern(scope, names) : this.#objectPattern(scope, names)} = ${isList ? this.#iterable(scope) : this.#object(scope)};`;
      scope.names.push(...names);
      return text;
    }
    const name = this.#id('v');
    const text = `${kind} ${name} = ${this.#expression(scope, 2)};`;
    scope.names.push(name);
    return text;
  }

  #assignment(scope) {
    const random = this.#random;
    if (scope.names.length === 0) return `note('${this.#id('n')}', ${this.#expression(scope, 2)});`;
    const name = random.pick(scope.names);
    // What is constant throws, which is part of it.
    const change = random.weighted([
      [4, () => `${name} ${random.pick(ASSIGNMENTS)} ${this.#expression(scope, 2)}`],
      [1, () => `${name}${random.pick(['++', '--'])}`],
      [1, () => `[${name}] = ${this.#iterable(scope)}`],
      [1, () => `({ ${random.pick(KEYS.slice(0, 3))}: ${name} = ${this.#simple(scope)} } = ${this.#object(scope)})`],
    ])();
    return `try { ${change}; } catch (e) { note('${this.#id('a')}', e); }`;
  }

  #loop(scope, depth) {
    const random = this.#random;
    const [name, captured] = [this.#id('i'), this.#id('f')];
    const label = random.chance(0.3) ? this.#id('L') : undefined;
    const inner = scope.inner({ isLoop: true, isBreakable: true, ...(label !== undefined && { label }) });
    const end = random.between(1, 4);
    const extra = this.#id('g');
    const capture = (what) => (random.chance(0.6) ? `${captured}.push(() => ${what});\n` : '');
    const head = random.weighted([
      [5, () => `for (let ${name} = 0; ${name} < ${end}; ${name}++)`],
      [
        1,
        () =>
          `for (let ${name} = 0, ${extra} = () => ${name}; ${name} < ${end}; ${captured}.push(${extra}), ${name}++)`,
      ],
      [1, () => `for (var ${name} = 0; ${name} < ${end}; ${name}++)`],
      [3, () => `for (${random.pick(['const', 'let'])} ${name} of ${this.#iterable(scope)})`],
      [1, () => `for (const [${name} = 5] of [[1], [], 'ab', ${this.#iterable(scope)}])`],
      [1, () => `for (const ${name} in ${this.#object(scope)})`],
      [
        scope.flags.isAsync ? 3 : 0,
        () =>
          `for await (const ${name} of ${random.chance(0.6) ? this.#asyncIterable() : this.#iterable(scope).replace(/fails: \d/, '')})`,
      ],
    ])();
    inner.names.push(name);
    scope.names.push(captured);
    const body = `{\nspend();\n${capture(name)}${this.#statements(inner, depth)}\n${capture(`[${name}]`)}}`;
    const loop = `${label === undefined ? '' : `${label}: `}${head} ${body}`;
    return `const ${captured} = [];\ntry {\n${loop}\n} finally { note('${captured}', ${captured}.map((g) => g())); }`;
  }

  #try(scope, depth) {
    const random = this.#random;
    const hasCatch = random.chance(0.7);
    const error = this.#id('e');
    const inner = scope.inner();
    inner.names.push(error);
    const caught = hasCatch
      ? ` catch (${error}) {\nnote('${error}', ${error});\n${this.#statements(inner, depth, 2)}\n}`
      : '';
    const last =
      !hasCatch || random.chance(0.5)
        ? ` finally {\nnote('${this.#id('z')}', 0);\n${this.#statements(scope.inner(), depth, 2)}\n}`
        : '';
    return `try ${this.#block(scope, depth)}${caught}${last}`;
  }

  #switch(scope, depth) {
    const random = this.#random;
    const inner = scope.inner({ isBreakable: true });
    const cases = random.list(
      random.between(2, 4),
      (i) =>
        `${i === 1 && random.chance(0.6) ? 'default:' : `case ${this.#simple(scope)}:`} {\n${this.#statements(inner.inner(), depth, 2)}\n${random.chance(0.4) ? 'break;\n' : ''}}`,
    );
    return `switch (${this.#expression(scope, 1)}) {\n${cases.join('\n')}\n}`;
  }

  #parameters(inner) {
    const random = this.#random;
    return random.list(random.below(4), () => this.#parameter(inner)).join(', ');
  }

  #parameter(inner) {
    const random = this.#random;
    const names = [this.#id('p')];
    const [name] = names;
    const text = random.weighted([
      [4, () => name],
      [2, () => `${name} = ${this.#expression(inner, 1)}`],
      [1, () => `${name} = () => ${random.pick([...inner.names, '1'])}`],
      [1, () => `{ a: ${name}, ...${this.#pattern(names)} } = {}`],
      [1, () => `${this.#listPattern(inner, names)} = []`.replace('[', `[${name}, `)],
    ])();
    inner.names.push(...names);
    return text;
  }

  #pattern(names) {
    const name = this.#id('d');
    names.push(name);
    return name;
  }

  #function(scope, depth) {
    const random = this.#random;
    const name = this.#id('f');
    const [isAsync, isGenerator] = random.pick([
      [false, false],
      [false, true],
      [true, false],
      [true, true],
    ]);
    const inner = scope.ofFunction({ isAsync, isGenerator });
    const parameters = this.#parameters(inner);
    const body = `${this.#statements(inner, depth)}\nreturn ${this.#expression(inner, 1)};`;
    scope.names.push(name);
    const head = `${isAsync ? 'async ' : ''}function${isGenerator ? '*' : ''} ${name}(${parameters}) {\n${body}\n}`;
    const args = random.list(random.below(3), () => this.#expression(scope, 1)).join(', ');
    const call = `${name}(${args})`;
    if (!isAsync && !isGenerator) return `${head}\ncalm('${name}', () => ${call});`;
    if (isAsync && !isGenerator) return `${head}\nlater.push(${call});`;
    const steps = random.list(random.between(1, 4), () =>
      random.weighted([
        [5, `next(${this.#simple(scope)})`],
        [1, `return(${this.#simple(scope)})`],
        [1, 'throw(new EvalError())'],
      ]),
    );
    if (!isAsync)
      return random.chance(0.4)
        ? `${head}\ncalm('${name}', () => [...${call}]);`
        : `${head}\n{ const g = ${call};\n${steps.map((step) => `calm('${name}', () => g.${step});`).join('\n')}\n}`;
    return `${head}\nlater.push((async () => { const g = ${call}; const all = []; ${steps.map((step) => `try { all.push(await g.${step}); } catch (e) { all.push(e); }`).join(' ')} return all; })());`;
  }

  #class(scope, depth) {
    const random = this.#random;
    const name = this.#id('C');
    const base = random.chance(0.5)
      ? random.pick([
          'Object',
          'Array',
          'Map',
          'Error',
          `(class { constructor(...a) { note('${name}base', a); this.base = 1; } m() { return 'base'; } })`,
        ])
      : undefined;
    const method = (flags) => scope.ofFunction(flags);
    const members = random.list(random.between(1, 4), () => {
      const isStatic = random.chance(0.25) ? 'static ' : '';
      const key = random.pick(['m', 'x', "'a b'", `[note('${name}k', 'k')]`, '#p', '1']);
      const inner = method();
      return random.weighted([
        [3, () => `${isStatic}${key} = ${this.#expression(scope.inner({ isAsync: false, isGenerator: false }), 1)};`],
        [
          3,
          () =>
            `${isStatic}${key}(${this.#parameters(inner)}) {\n${this.#statements(inner, depth, 2)}\nreturn ${base === undefined || isStatic ? 'typeof this' : 'super.m?.()'};\n}`,
        ],
        [1, () => `${isStatic}get ${key}() { return note('${name}get', 1); }`],
        [1, () => `${isStatic}*${key}() {\n${this.#statements(method({ isGenerator: true }), depth, 2)}\n}`],
        [1, () => `static {\n${this.#statements(scope.ofFunction({ isFunction: false }), depth, 2)}\n}`],
      ])();
    });
    // A private name is declared once.
    const once = members.filter(
      (member, i) => !member.includes('#p') || members.findIndex((other) => other.includes('#p')) === i,
    );
    const made = random.chance(0.4)
      ? `constructor(a) {\n${base === undefined ? '' : 'super();'}\n${this.#statements(method(), depth, 2)}\n}`
      : '';
    scope.names.push(name);
    return `var ${name} = calm('${name}', () => class ${base === undefined ? '' : `extends ${base} `}{\n${once.join('\n')}\n${made}\n});\ncalm('${name}new', () => { const o = new ${name}(1); return [o, typeof o.m, Reflect.ownKeys(${name}.prototype).length]; });`;
  }

  #objectPattern(scope, names) {
    const random = this.#random;
    const parts = random.list(random.between(1, 3), () => {
      const name = this.#id('d');
      names.push(name);
      const fallback = random.chance(0.4) ? ` = ${this.#simple(scope)}` : '';
      return `${random.chance(0.7) ? random.pick(KEYS.slice(0, 3)) : `[key('${name}', 'a')]`}: ${name}${fallback}`;
    });
    if (random.chance(0.3)) {
      const name = this.#id('d');
      names.push(name);
      parts.push(`...${name}`);
    }
    return `{ ${parts.join(', ')} }`;
  }

  #listPattern(scope, names) {
    const random = this.#random;
    const parts = random.list(random.between(1, 3), () => {
      if (random.chance(0.2)) return '';
      const name = this.#id('d');
      names.push(name);
      return random.chance(0.4) ? `${name} = ${this.#simple(scope)}` : name;
    });
    if (random.chance(0.3)) {
      const name = this.#id('d');
      names.push(name);
      parts.push(`...${name}`);
    }
    return `[${parts.join(', ')}]`;
  }

  #ways() {
    return this.#random.weighted([
      [6, '{}'],
      [1, `{ fails: ${this.#random.below(3)} }`],
      [1, '{ closing: true }'],
      [1, '{ primitive: true }'],
    ]);
  }

  #iterable(scope) {
    const random = this.#random;
    return random.weighted([
      [4, () => `[${random.list(random.below(4), () => (random.chance(0.1) ? '' : this.#simple(scope))).join(', ')}]`],
      [3, () => `iter('${this.#id('s')}', ${random.below(5)}, ${this.#ways()})`],
      [1, () => random.pick(TEXTS)],
      [1, () => `new Map([[1, ${this.#simple(scope)}], ['k', 2]])`],
      [1, () => `new Set([${this.#simple(scope)}, 1, '1'])`],
      [
        1,
        () =>
          `(function* () { try { yield 1; yield ${this.#simple(scope)}; } finally { note('${this.#id('gf')}', 0); } })()`,
      ],
      [
        1,
        () =>
          `[1, 2, 3].values().${random.pick(['map((x) => x * 2)', 'filter((x) => x > 1)', 'take(2)', 'drop(1)', 'flatMap((x) => [x, x])'])}`,
      ],
    ])();
  }

  #asyncIterable() {
    const random = this.#random;
    if (random.chance(0.5))
      return `aiter('${this.#id('as')}', ${random.below(4)}, ${random.weighted([
        [5, '{}'],
        [1, '{ closing: true }'],
        [1, '{ fails: 1 }'],
      ])})`;
    return `(async function* () { try { yield 1; await null; yield 2; } finally { await null; note('${this.#id('agf')}', 0); } })()`;
  }

  #object(scope) {
    const random = this.#random;
    return random.weighted([
      [
        5,
        () =>
          `{ ${random.list(random.below(4), () => `${random.chance(0.8) ? random.pick(KEYS) : `[key('${this.#id('k')}', 'c')]`}: ${this.#simple(scope)}`).join(', ')} }`,
      ],
      [1, () => `{ a: 1, get b() { return note('${this.#id('get')}', 2); } }`],
      [1, () => `{ ...${random.pick(["'hi'", '[1, 2]', 'null', '{ a: 1 }'])}, b: ${this.#simple(scope)} }`],
      [1, () => `Object.create({ a: 1, b: 2 })`],
      [1, () => this.#iterable(scope)],
    ])();
  }

  #simple(scope) {
    const random = this.#random;
    return random.weighted([
      [scope.names.length > 0 ? 4 : 0, () => random.pick(scope.names)],
      [3, () => random.pick(NUMBERS)],
      [1, () => random.pick(BIGINTS)],
      [2, () => random.pick(TEXTS)],
      [1, () => random.pick(['undefined', 'null', 'true', 'false'])],
      [1, () => `num('${this.#id('u')}', ${random.pick(NUMBERS)})`],
    ])();
  }

  #expression(scope, depth) {
    const random = this.#random;
    if (depth <= 0) return this.#simple(scope);
    const e = () => this.#expression(scope, depth - 1);
    const choices = [
      [5, () => this.#simple(scope)],
      [3, () => `(${e()} ${random.pick(OPERATORS)} ${e()})`.replace(/\((-[^ ()]*|num\S* \S*|\S*n) \*\* /, '(($1) ** ')],
      [1, () => `(${random.pick(['-', '+', '!', '~', 'typeof ', 'void '])}(${e()}))`],
      [1, () => `(${e()} ? ${e()} : ${e()})`],
      [1, () => `[${e()}, ...${this.#iterable(scope)}]`],
      [1, () => `(${this.#object(scope)})`],
      [1, () => `(${e()})?.[${random.pick(["'length'", "'a'", '0', "'x'"])}]`],
      [1, () => `\`\${${e()}}-\${${this.#simple(scope)}}\``],
      [0.5, () => `tag\`a\${${e()}}b\``],
      [1, () => `((a, b = () => a) => { a = ${e()}; return [a, b()]; })(${this.#simple(scope)})`],
      [0.5, () => `(function () { return [arguments.length, typeof this, new.target]; })(${e()})`],
      [0.7, () => `note('${this.#id('x')}', ${e()})`],
    ];
    if (scope.flags.isAsync) choices.push([1, () => `(await ${e()})`]);
    if (scope.flags.isGenerator) choices.push([1, () => `(yield ${e()})`]);
    return random.weighted(choices)();
  }

  /** A call that returns; what it throws is noted. */
  #builtin(scope) {
    const random = this.#random;
    const s = () => this.#simple(scope);
    const t = () => random.pick(TEXTS);
    const r = () => random.pick(REGEXPS);
    // Of one kind, and no hooks: an order that contradicts itself leaves the result to engines.
    const comparable = () =>
      `[${random.list(random.below(6), () => random.pick(['3', '1', '22', '-5', '0.5', '10', '1'])).join(', ')}]`;
    const list = () => `[${random.list(random.below(5), () => s()).join(', ')}]`;
    return random.weighted([
      [
        3,
        () =>
          `${list()}.${random.pick(['slice', 'splice', 'fill', 'concat', 'indexOf', 'includes', 'at', 'with', 'toSpliced', 'copyWithin', 'lastIndexOf', 'flat'])}(${random.chance(0.8) ? random.between(-3, 4) : s()}, ${random.between(-2, 3)})`,
      ],
      [
        2,
        () =>
          `${list()}.${random.pick(['map', 'filter', 'find', 'findLast', 'flatMap', 'every', 'some', 'forEach'])}((x, i) => note('${this.#id('cb')}', [x, i]))`,
      ],
      [
        2,
        () =>
          `${comparable()}.${random.pick(['sort', 'toSorted'])}(${random.pick(['', '(a, b) => (a > b) - (a < b)', '() => 0'])})`,
      ],
      [1, () => `${list()}.${random.pick(['join', 'reverse', 'toReversed', 'entries', 'keys', 'pop', 'shift'])}()`],
      [
        2,
        () =>
          `BigInt.${random.pick(['asIntN', 'asUintN'])}(${random.pick(['0', '1', '8', '32', '63', '64', '65', '128'])}, ${random.pick(BIGINTS)})`,
      ],
      [
        2,
        () =>
          `(${random.pick(BIGINTS)}) ${random.pick(['<', '>', '<=', '==', '+', '*', '/', '%', '<<', '>>', '&', '|', '**'])} (${random.pick([...NUMBERS.slice(0, 6), '3n', '-2n', '5n'])})`,
      ],
      [
        2,
        () =>
          `new ${random.pick(['Uint8Array', 'Int16Array', 'Float32Array', 'Float64Array', 'Uint8ClampedArray', 'BigInt64Array'])}(${list()}).${random.pick(['fill(3, 1)', 'slice(1)', 'sort()', 'subarray(-2)', 'map((x) => x)', 'set([1], 1)', 'with(0, 5)', 'join()'])}`,
      ],
      [
        3,
        () =>
          `${t()}.${random.pick([`replace(${r()}, (...a) => a.length)`, `split(${r()})`, `match(${r()})`, `search(${r()})`, `replaceAll('X', '$&$&')`, 'padStart(5, "ab")', 'at(-1)', 'codePointAt(1)', 'normalize("NFD")', `slice(${random.between(-3, 3)})`, 'toUpperCase()', 'isWellFormed()', 'split("")'])}`,
      ],
      [
        2,
        () =>
          `{ const re = ${r()}; re.lastIndex = ${random.between(0, 2)}; return [re.exec(${t()}), re.lastIndex, re.test(${t()})]; }`,
      ],
      [
        2,
        () =>
          `new Date(${random.pick(['0', '1e12', '-1', 'NaN', '2020, 1, 29', '"2020-02-30T00:00Z"', '"2021-01-01"'])}).${random.pick(['toISOString()', 'getTime()', 'getDay()', `setUTCMonth(${random.between(-2, 14)})`, `setUTCHours(${random.between(-5, 30)})`, 'toJSON()', 'getUTCFullYear()'])}`,
      ],
      [
        2,
        () =>
          `JSON.stringify(${random.pick([list(), `(${this.#object(scope)})`, s()])}, ${random.pick(['null', '["a", "b"]', '(k, v) => (typeof v === "bigint" ? 0 : v)'])}, ${random.pick(['0', '1', "'-'"])})`,
      ],
      [
        1,
        () =>
          `JSON.parse(${random.pick(['\'{"a":[1,{"b":null}]}\'', "'[1e3,-0]'", "'{'", '\'{"__proto__":1}\''])}, (k, v) => note('${this.#id('rv')}', [k, v])[1])`,
      ],
      [
        2,
        () =>
          `Object.${random.pick(['entries', 'keys', 'getOwnPropertyNames', 'freeze', 'fromEntries'])}(${random.pick([`(${this.#object(scope)})`, list(), t()])})`,
      ],
      [1, () => `new ${random.pick(['Map', 'Set'])}(${this.#iterable(scope)})`],
      [
        1,
        () =>
          `${random.pick(['parseInt', 'Number', 'String', 'parseFloat', 'Math.round', 'Math.max', 'Number.isInteger'])}(${s()}, ${random.pick(['', '10', '2'])})`,
      ],
      [1, () => `(${random.pick(NUMBERS)}).${random.pick(['toFixed(2)', 'toPrecision(3)', 'toExponential(1)'])}`],
      [
        1,
        () =>
          `{ const order = []; Promise.resolve().then(() => log.push('${this.#id('pt')}')); queueStep(() => order.push(1)); return order; }`.replace(
            'queueStep(() => order.push(1)); ',
            '',
          ),
      ],
    ])();
  }
}
