import type { Random } from './random.js';
import type { Scope, Type } from './scope.js';

const NUMBERS = ['0', '1', '2', '3', '7', '10', '-1', '-5', '0.5', '-0', '255', '65536', '2147483647', '-2147483648'];
const ODD_NUMBERS = ['4294967296', '1e21', '5e-324', 'NaN', 'Infinity', '0x1f', '0b101', '1_000', '9007199254740993'];
const BIGINTS = [
  '0n',
  '1n',
  '-1n',
  '7n',
  '255n',
  '0xffn',
  '9223372036854775807n',
  '-(2n ** 63n)',
  '12345678901234567890n',
];
const STRINGS = [
  "''",
  "'a'",
  "'abc'",
  "'x y z'",
  "'héllo'",
  "'日本'",
  "'😀!'",
  "'10'",
  "'A-b_C'",
  "'\\n\\t'",
  "'\\ud83d'",
];
const PATTERNS = [
  '/[a-c]+/g',
  '/\\d+/',
  '/(?<first>.)(.)?/',
  '/\\p{L}/gu',
  '/^\\w*$/i',
  '/(?<=a)./',
  '/[^\\s]+/gy',
  '/./gsu',
];

type Make = () => string;
type MakeOf = (type: Type) => string;

/** Generates expressions of a given type from the names of a scope. The depth limits their size. */
export class Expressions {
  readonly #random: Random;

  constructor(random: Random) {
    this.#random = random;
  }

  of(type: Type, scope: Scope, depth: number): string {
    const leaf = depth <= 0 || this.#random.chance(0.15);
    const made = leaf ? this.#leaf(type, scope) : this.#random.pick(this.#inner(type, scope, depth - 1))();
    return scope.isAsync && !leaf && this.#random.chance(0.03) ? `(await ${made})` : made;
  }

  literal(type: Type): string {
    const random = this.#random;
    switch (type) {
      case 'num':
        return random.pick(random.chance(0.8) ? NUMBERS : ODD_NUMBERS);
      case 'str':
        return random.pick(STRINGS);
      case 'bool':
        return random.pick(['true', 'false']);
      case 'big':
        return random.pick(BIGINTS);
      case 'arr':
        return `[${random.times(0, 4, () => random.pick(NUMBERS)).join(', ')}]`;
      case 'obj':
        return `{ a: ${random.pick(NUMBERS)}, b: ${random.pick(STRINGS)}, c: [${random.pick(NUMBERS)}] }`;
    }
  }

  #leaf(type: Type, scope: Scope): string {
    const names = scope.names(type);
    if (names.length > 0 && this.#random.chance(0.75)) return this.#random.pick(names);
    return type === 'obj' ? `(${this.literal(type)})` : this.literal(type);
  }

  #inner(type: Type, scope: Scope, depth: number): Make[] {
    const make = (wanted: Type) => this.of(wanted, scope, depth);
    // Where await is not allowed although it is around: in callbacks, accessors and defaults of parameters.
    const still = scope.inner({ isAsync: false });
    const quiet = (wanted: Type) => this.of(wanted, still, depth);
    const calls = scope.calls(type).map((call) => () => call.replaceAll('%', make('num')));
    const choice = () => `(${make('bool')} ? ${make(type)} : ${make(type)})`;
    const nullish = () => `(${this.#random.pick(['null', 'undefined', make(type)])} ?? ${make(type)})`;
    const comma = () => `(${make('num')}, ${make(type)})`;
    const immediate = () => this.#immediate(type, scope, depth);
    return [...this.#operations(type, scope, make, quiet), ...calls, ...calls, choice, nullish, comma, immediate];
  }

  #operations(type: Type, scope: Scope, make: MakeOf, quiet: MakeOf): Make[] {
    switch (type) {
      case 'num':
        return this.#numbers(scope, make, quiet);
      case 'str':
        return this.#strings(make);
      case 'bool':
        return this.#booleans(make);
      case 'big':
        return this.#bigints(make);
      case 'arr':
        return this.#arrays(make, quiet);
      case 'obj':
        return this.#objects(make, quiet);
    }
  }

  #numbers(scope: Scope, make: MakeOf, quiet: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    const targets = scope.targets('num');
    const updates: Make[] = [
      () => `(${pick(targets)} ${pick(['+=', '-=', '*=', '|=', '^=', '??=', '||=', '&&=', '='])} ${make('num')})`,
      () => `(${pick(['++', '--'])}${pick(targets)})`,
      () => `(${pick(targets)}${pick(['++', '--'])})`,
    ];
    return [
      () => `(${make('num')} ${pick(['+', '-', '*', '/', '%', '&', '|', '^', '<<', '>>', '>>>'])} ${make('num')})`,
      () => `(${make('num')} ${pick(['+', '-', '*'])} ${make('num')})`,
      () => `((${make('num')}) ** ${pick(['2', '3', '0.5', '-1'])})`,
      () => `(${pick(['-', '+', '~'])}(${make('num')}))`,
      () => `Math.${pick(['abs', 'floor', 'sign', 'trunc', 'sqrt', 'round', 'fround', 'clz32'])}(${make('num')})`,
      () => `Math.${pick(['max', 'min', 'hypot', 'imul'])}(${make('num')}, ${make('num')})`,
      () => `${make('str')}.${pick(['length', "indexOf('a')", 'search(/[a-z]/i)', 'codePointAt(0)'])}`,
      () => `${make('arr')}.${pick(['length', 'at(-1)', 'indexOf(1)', 'findLastIndex((x) => x > 0)'])}`,
      () => `(${make('arr')}[${make('num')}] ?? ${make('num')})`,
      () => `${make('arr')}.reduce((sum, x, i) => sum ${pick(['+', '-', '^'])} x * i, ${make('num')})`,
      () => `(${make('obj')})${pick(['.a', '?.a', "['a']", '.c[0]', '.c?.length', '?.["c"].at(-1)'])}`,
      () => `Number(${pick([make('str'), make('bool'), `BigInt.asIntN(40, ${make('big')})`])})`,
      () => `(({ a, c: [first = ${quiet('num')}, ...rest] }) => a + first + rest.length)(${make('obj')})`,
      () => `((x, ...rest) => x - rest.length)(...${make('arr')}, ${make('num')})`,
      ...(targets.length > 0 ? updates : []),
    ];
  }

  #strings(make: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    const any = () => make(pick(['num', 'str', 'bool', 'big', 'arr'] as const));
    return [
      () => `(${make('str')} + ${any()})`,
      () => `\`${pick(['', 'v: ', '<', '\\u00e9'])}\${${any()}}${pick(['', ' / ', '\\n'])}\${${make('str')}}\``,
      () => `tag\`${pick(['', 'a\\n', '\\x41'])}\${${any()}}b\${${any()}}\``,
      () => `${make('str')}.slice(${pick(['0', '1', '-2'])}, ${make('num')})`,
      () => `${make('str')}.${pick(['toUpperCase()', 'trim()', "padStart(6, '*')", 'repeat(2)', 'normalize()'])}`,
      () => `(${make('str')}.at(0)?.concat('!') ?? ${make('str')})`,
      () => `${make('str')}.replace(${pick(PATTERNS)}, ${pick(["'[$&]'", '(m) => m.length', "''"])})`,
      () => `String(${any()})`,
      () => `JSON.stringify(${make(pick(['arr', 'obj', 'str', 'num'] as const))})`,
      () => `(typeof ${any()})`,
      () => `[...${make('str')}].reverse().join(${pick(["''", "'.'"])})`,
      () => `${make('arr')}.join(${make('str')})`,
      () => `(${make('obj')}).b`,
      () => `(${make('str')}.match(${pick(PATTERNS)})?.[0] ?? ${make('str')})`,
      () => `Object.keys(${make('obj')}).join()`,
      () => `(${make('big')}).toString(${pick(['2', '16', '36'])})`,
    ];
  }

  #booleans(make: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    const same = () => {
      const type = pick(['num', 'str', 'bool', 'big'] as const);
      return `(${make(type)} ${pick(['<', '>', '<=', '>=', '===', '!==', '==', '!='])} ${make(type)})`;
    };
    return [
      same,
      same,
      () => `!${make('bool')}`,
      () => `(${make('bool')} ${pick(['&&', '||'])} ${make('bool')})`,
      () => `(${pick(["'a'", "'b'", "'zz'", "'toString'"])} in ${make('obj')})`,
      () => `(${make('big')} ${pick(['<', '>=', '=='])} ${make('num')})`,
      () => `Object.is(${make('num')}, ${make('num')})`,
      () => `${pick(PATTERNS)}.test(${make('str')})`,
      () => `${make('arr')}.${pick(['includes(NaN)', 'some((x) => x < 0)', 'every(Number.isInteger)'])}`,
      () => `(${make(pick(['arr', 'obj'] as const))} instanceof ${pick(['Array', 'Object', 'Map'])})`,
      () => `Number.isSafeInteger(${make('num')})`,
      () => `Reflect.has(${make('obj')}, ${make('str')})`,
    ];
  }

  #bigints(make: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    const wrap = (text: string) => `BigInt.as${pick(['Int', 'Uint'])}N(${pick(['8', '63', '64', '100'])}, ${text})`;
    return [
      () => wrap(`${make('big')} ${pick(['+', '-', '*'])} ${make('big')}`),
      () => wrap(`${make('big')} ${pick(['&', '|', '^'])} ${make('big')}`),
      () => `(${make('big')} ${pick(['/', '%'])} (${make('big')} || 3n))`,
      () => wrap(`${make('big')} ${pick(['<<', '>>'])} ${pick(['1n', '5n', '33n'])}`),
      () => `(${pick(['-', '~'])}(${make('big')}))`,
      () => `BigInt((${make('num')}) | 0)`,
      () => `BigInt(${make('bool')})`,
    ];
  }

  #arrays(make: MakeOf, quiet: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    return [
      () => `[${make('num')}, ...${make('arr')}, ${make('num')}].slice(0, 8)`,
      () => `${make('arr')}.map((x, i) => x ${pick(['+', '*', '-', '%'])} ${pick(['i', '2', '(i + 1)'])})`,
      () => `${make('arr')}.filter((x) => ${pick(['x > 0', 'x % 2', 'x === x', '!Object.is(x, -0)'])})`,
      () => `${make('arr')}.${pick(['slice(1)', 'slice(-2)', 'toReversed()', 'concat([0])'])}`,
      () => `${make('arr')}.toSorted(${pick(['', '(x, y) => x - y', '(x, y) => y - x'])})`,
      () => `${make('arr')}.flatMap((x) => [x, -x]).slice(0, 6)`,
      () => `Array.from({ length: ${pick(['0', '2', '4'])} }, (_, i) => i * ${quiet('num')})`,
      () => `[...new Set(${make('arr')})]`,
      () => `[...${make('str')}].map((c) => c.codePointAt(0)).slice(0, 5)`,
      () => `(([first, second = ${quiet('num')}, ...rest]) => [second, first, ...rest])(${make('arr')})`,
      () => `[...Int16Array.from(${make('arr')})]`,
      () => `${make('arr')}.values().filter((x) => x).drop(1).toArray()`,
      () => `(${make('obj')}).c`,
    ];
  }

  #objects(make: MakeOf, quiet: MakeOf): Make[] {
    const { pick } = bound(this.#random);
    return [
      () => `({ ...${make('obj')}, a: ${make('num')} })`,
      () => `({ a: ${make('num')}, b: ${make('str')}, c: ${make('arr')}, [${make('str')}]: ${make('bool')} })`,
      () => `({ get a() { return ${quiet('num')}; }, b: ${make('str')}, c: ${make('arr')} })`,
      () => `Object.assign({ a: 1, b: '', c: [] }, ${make('obj')}, { ${pick(['a: 5', "b: 'B'", 'd: null'])} })`,
      () => `(({ b, ...rest }) => ({ ...rest, b: b + '!' }))(${make('obj')})`,
      () => `({ __proto__: ${make('obj')}, c: ${make('arr')} })`,
      () => `new Proxy(${make('obj')}, {})`,
      () => `Object.freeze(${make('obj')})`,
    ];
  }

  /** A function made and called on the spot, so that a value passes through a closure or an exception. */
  #immediate(type: Type, scope: Scope, depth: number): string {
    const inside = scope.inner({ isAsync: false });
    const make = () => this.of(type, inside, depth);
    return this.#random.pick([
      () => `(() => ${make().replace(/^\{/, '({')})()`,
      () => `(function () { try { return ${make()}; } finally { note('f'); } })()`,
      () => `(() => { try { throw ${make()}; } catch (e) { return e; } })()`,
      () => `((x = ${make()}) => () => x)()()`,
      () => `(function* () { yield ${make()}; })().next().value`,
      () => `(function (v) { return arguments[0]; })(${make()})`,
      () => `new (class { #v = ${make()}; get v() { return this.#v; } })().v`,
    ])();
  }
}

function bound(random: Random): { pick: <T>(items: readonly T[]) => T } {
  return { pick: (items) => random.pick(items) };
}
