import fc from 'fast-check';

/** The state of the generated handlers: every kind of value, without shared parts. */
export const STATE = {
  user: { name: 'Ada', n: 1, address: { city: 'Bern', n: 2 }, tags: ['a', 'b'] },
  items: [
    { n: 1, ok: true, name: 'count', sub: { n: 2 } },
    { n: 2, ok: false, name: 'user', sub: { n: 3 } },
  ],
  list: [[{ n: 1 }, { n: 2 }], [{ n: 3 }]],
  map: { user: { n: 1 }, items: { n: 2 } },
  count: 3,
  name: 'items',
};

export const ARGS = { key: 'list', id: 7, nested: { key: 'user', list: ['count', 'name'] } };

const KEYS = Object.keys(STATE);
const VARIABLES = ['a', 'b', 'c', 'd'];
const LOCALS = ['p', 'q'];
const MEMBERS = ['n', 'sub', 'address', 'tags', 'name', 'user', 'items', 'x', 'm', 'next', 'value', 'length'];

type Part = string | fc.Arbitrary<string>;

/** Text with arbitrary texts in it. */
function text(strings: TemplateStringsArray, ...parts: readonly Part[]): fc.Arbitrary<string> {
  const holes = parts.map((part) => (typeof part === 'string' ? fc.constant(part) : part));
  return fc
    .tuple(...holes)
    .map((values) => strings.reduce((whole, string, index) => `${whole}${string}${values[index] ?? ''}`, ''));
}

const oneOf = (...words: readonly string[]) => fc.constantFrom(...words);
const stateKey = oneOf(...KEYS);
const variable = oneOf(...VARIABLES);
const anyVariable = oneOf(...VARIABLES, ...LOCALS);
const member = oneOf(...MEMBERS);
const eventName = oneOf('saved', 'order.new', 'order.old', 'x');

/** Generates handlers from everything in which capabilities and aliases can hide. They end, because execution costs fuel. */
export function handlers(maxDepth = 4): fc.Arbitrary<string> {
  const { block } = fc.letrec<Grammar>((tie) => {
    const e = tie('expression');
    const k = tie('key');
    const f = tie('callable');
    const body = tie('body');
    const target = tie('target');
    const pattern = tie('pattern');
    return {
      key: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        stateKey.map((name) => `'${name}'`),
        oneOf(
          "'n'",
          "'sub'",
          "'tags'",
          "'name'",
          '0',
          '1',
          '`it${"ems"}`',
          "'us' + 'er'",
          '$args.key',
          '$args.nested.key',
        ),
        anyVariable,
        text`\`${oneOf('us', 'it', '')}\${${e}}\``,
        text`${oneOf("'ite'", "'co'")} + ${e}`,
        e,
      ),
      target: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        variable,
        text`$state.${stateKey}`,
        text`$state[${k}]`,
        text`(${e}).${member}`,
        text`(${e})[${k}]`,
        text`${variable}.${member}`,
        text`(${variable} ??= {}).${member}`,
        text`globalThis.${oneOf('leak', '$state')}`,
      ),
      pattern: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        target,
        text`{ ${stateKey}: ${target}, ...${variable} }`,
        text`{ ${member}: ${target} = ${e} }`,
        text`{ [${k}]: ${target} }`,
        text`[${target}, ...${variable}]`,
        text`[${target} = ${e}, ${target}]`,
      ),
      callable: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        oneOf('f', 'g', '$emit', '$log', '$view.focus', 'Object', 'String', 'e'),
        anyVariable,
        text`((p, q) => (tick(), ${e}))`,
        text`(p => { tick(); ${body} })`,
        text`(({ ${member}: p, ...q }, ${oneOf('...rest', 'a')}) => (tick(), ${e}))`,
        text`(function (p = ${e}, q) { tick(); ${body} return ${oneOf('this', 'p', 'arguments[0]', 'q')} })`,
        text`${e}?.${member}`,
        text`${e}?.[${k}]`,
        text`$state.${oneOf('get', 'set', 'has', 'delete', 'keys')}`,
        text`(async (p) => { try { tick(); ${body} await 0; return ${e} } catch {} })`,
        text`(function* (p) { tick(); p = yield ${e}; ${body} yield* [${e}] })`,
        text`${f}.bind(${e}, ${e})`,
      ),
      expression: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        anyVariable,
        oneOf(
          '1',
          "'user'",
          "'items'",
          'null',
          '({})',
          '[]',
          '$args',
          '$args.nested.list',
          '$state',
          'this',
          'globalThis.$state',
        ),
        text`$state.${stateKey}`,
        text`$state[${k}]`,
        text`$state.get(${k})`,
        text`${anyVariable}.${member}`,
        text`${e}?.${member}`,
        text`${e}?.${member}`,
        text`${e}?.[${k}]`,
        text`({ ${member}: ${e}, ${member}: ${e} })`,
        text`({ ...${e}, [${k}]: ${e} })`,
        text`({ get ${member}() { return ${e} }, set ${member}(p) { ${body} }, ${member}(p) { tick(); ${body} return this } })`,
        text`[${e}, ${e}]`,
        text`[...(${e} ?? [])]`,
        text`${f}(${e}, ${e})`,
        text`${f}(...[${e}, ${e}])`,
        text`${f}?.call(${e}, ${e}, ${e})`,
        text`${f}?.apply(${e}, [${e}])`,
        text`new (${f})(${e})`,
        text`${e}?.${oneOf(...CALLBACK_METHODS)}?.(${f})`,
        text`${e}?.${oneOf(...LIST_METHODS)}?.(${e})`,
        text`${e}?.${oneOf(...LIST_METHODS)}?.(${e}, ${e})`,
        text`[${e}, ${e}].reduce(${f}, ${e})`,
        text`Array.prototype.${oneOf(...LIST_METHODS, ...CALLBACK_METHODS)}.call(${e}, ${f})`,
        text`Object.${oneOf('keys', 'values', 'entries', 'freeze', 'getOwnPropertyNames')}(${e} ?? {})`,
        text`Object.assign(${e} ?? {}, ${e})`,
        text`Object.fromEntries(Object.entries(${e} ?? {}))`,
        text`Object.create(${e})`,
        text`Object.setPrototypeOf(${e}, ${e})`,
        text`Object.defineProperty(${e}, ${k}, { value: ${e}, writable: true, configurable: true, enumerable: true })`,
        text`Object.defineProperty(${e}, ${k}, { get() { return ${e} }, configurable: true })`,
        text`Reflect.${oneOf('get', 'set', 'has', 'deleteProperty')}(${e}, ${k}, ${e})`,
        text`Array.from(${e} ?? [], ${f})`,
        text`Array.from(${e} ?? [])`,
        text`JSON.parse(JSON.stringify(${e} ?? null))`,
        text`new Map([[${e}, ${e}]])`,
        text`new Set([${e}])`,
        text`new Proxy(${e} ?? {}, {})`,
        text`new Promise((p, q) => p(${e})).catch(() => 0)`,
        text`Promise.${oneOf('resolve', 'all', 'race')}([${e}]).catch(() => 0)`,
        text`Promise.resolve(${e}).then(${f}).catch(${f}).catch(() => 0)`,
        text`{ then(p) { tick(); p(${e}) } }`.map((thenable) => `(${thenable})`),
        text`({ *[Symbol.iterator]() { yield ${e} } })`,
        text`({ [Symbol.iterator]() { let p = 0; return { next: () => ({ value: ${e}, done: p++ > 1 }) } } })`,
        text`new (class { #p = ${e}; m = ${e}; constructor(q) { tick(); this.n = q; ${body} } next() { return this.#p } get x() { return this.m } static s = ${e} })(${e})`,
        text`new (class extends Base { constructor(p) { super(p); this.x = ${e} } m() { return super.next() } })(${e})`,
        text`(${e} ?? ${e})`,
        text`(${e} ? ${e} : ${e})`,
        text`(${e}, ${e})`,
        text`(${e} + ${e})`,
        text`(${e} === ${e})`,
        text`(${k} in (${e} ?? {}))`,
        text`(${e} instanceof ${oneOf('Object', 'Base', 'Probe')})`,
        text`tag\`x\${${e}}y\${${e}}\``,
        text`(${target} = ${e})`,
        text`(${target} ${oneOf('+=', '??=', '&&=', '||=', '-=')} ${e})`,
        text`(${oneOf('$state.count', '$state.fresh')} ${oneOf('+=', '??=', '||=')} ${e})`,
        text`(${target}++)`,
        text`(${pattern} = ${e})`.map((code) => code.replace(/^\(\{/, '({')),
        text`(delete ${e}?.${member})`,
        text`(delete $state[${k}])`,
        text`(typeof ${e})`,
        text`$ext.${oneOf('http', 'db')}.${oneOf('get', 'put')}(${e}).catch(() => 0)`,
        oneOf('$ext', '$ext.http', '$ext.db?.get', '$view', '$view.focus', '$emit'),
        text`$ext[${k}]?.[${k}]?.(${e})?.catch(() => 0)`,
      ),
      statement: fc.oneof(
        { maxDepth, depthIdentifier: 'depth' },
        text`${variable} = ${e};`,
        text`${target} = ${e};`,
        text`${e};`,
        text`$emit(${k}, ${e});`,
        text`${oneOf('$emit', 'e')}('${eventName}', ${e});`,
        text`$log(${e});`,
        text`$view.${oneOf('focus', 'setFilter', 'command')}(${k}, ${e});`,
        text`let ${oneOf('p', 'q', 's')} = ${e};`.map((code) => `{ ${code} ${code.split(' ')[1]}?.n; }`),
        text`{ const { ${stateKey}: p, ...q } = ${oneOf('$state', 'a', 'b')}; ${body} }`,
        text`{ const { [${k}]: p = ${e} } = $state; ${body} }`,
        text`{ const [p, q = ${e}] = ${e}; ${body} }`,
        text`for (const p of ${e}) { tick(); ${body} }`,
        text`for (const p in ${e}) { tick(); ${body} }`,
        text`for (${target} of ${e}) { tick(); ${body} }`,
        text`for (let p = 0; p < 3; p++) { tick(); ${body} }`,
        text`if (${e}) { ${body} } else { ${body} }`,
        text`switch (${e}) { case ${e}: ${body} default: ${body} }`,
        text`try { ${body} throw ${e}; } catch (p) { ${body} }`,
        text`try { ${body} } catch ({ message: p }) { ${body} } finally { ${body} }`,
        text`{ const $state = { user: ${e}, get: f }; ${body} }`,
        text`{ let $emit = ${f}; ${body} }`,
        text`{ function f(p, q) { tick(); ${body} return ${e} } ${body} }`,
        text`{ const push = Function.prototype.call.bind(Array.prototype.push); push(${e}, ${e}); }`,
        text`{ var v = ${e}; ${body} v = v?.${member}; }`,
      ),
      outermost: fc.oneof(
        { weight: 6, arbitrary: tie('statement') },
        text`for await (const p of ${e}) { tick(); ${body} }`,
        text`${variable} = await ${e};`,
        text`${target} = await ${f}(${e});`,
      ),
      body: fc
        .array(tie('statement'), { minLength: 1, maxLength: 2, depthIdentifier: 'depth' })
        .map((all) => all.join(' ')),
      block: fc
        .tuple(
          fc.array(tie('outermost'), { minLength: 2, maxLength: 6 }),
          fc.tuple(e, e, e, e),
          fc.tuple(body, body, e, e),
          e,
        )
        .map(([statements, initial, [first, second, ...results], last]) => {
          const [a, b, c, d] = initial;
          return [
            PREAMBLE,
            `function f(p, q) { tick(); ${first} return ${results[0]}; }`,
            `const g = (p, q) => { tick(); ${second} return ${results[1]}; };`,
            ...[`a = ${a}`, `b = ${b}`, `c = ${c}`, `d = ${d}`].map(guarded),
            ...statements.map(guarded),
            `let result; ${guarded(`result = ${last}; JSON.stringify(result);`)}`,
            'try { JSON.stringify(result); structured(result); return result; } catch (error) { return "odd"; }',
          ].join('\n');
        }),
    };
  });
  return block;
}

type Grammar = {
  key: string;
  target: string;
  pattern: string;
  callable: string;
  expression: string;
  statement: string;
  body: string;
  outermost: string;
  block: string;
};

/** An error of one statement does not end the handler. Denials are reported by the runtime and need not appear here. */
const guarded = (statement: string) =>
  `try { ${statement} } catch (error) { $log('caught', String(error?.code ?? error?.name)); }`;

const CALLBACK_METHODS = [
  'map',
  'filter',
  'find',
  'some',
  'forEach',
  'flatMap',
  'sort',
  'toSorted',
  'findLast',
  'every',
];
const LIST_METHODS = [
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'slice',
  'concat',
  'reverse',
  'fill',
  'at',
  'with',
  'includes',
  'join',
  'flat',
  'keys',
  'values',
  'entries',
  'copyWithin',
  'toSpliced',
  'toReversed',
  'get',
  'set',
  'add',
  'has',
  'delete',
  'next',
  'return',
  'hasOwnProperty',
  'valueOf',
  'toString',
  'split',
  'trim',
  'padEnd',
  'replace',
]; // prettier-ignore

const PREAMBLE = `let a, b, c, d, p, q, e = $emit, fuel = 400;
function tick() { if (--fuel < 0) throw new RangeError('no fuel'); }
function tag(strings, ...values) { tick(); return values[0]; }
function structured(value) { if (typeof value === 'function' || typeof value === 'symbol') throw new TypeError('odd'); }
class Base { constructor(p) { tick(); this.n = p; } next() { tick(); return this.n; } }
class Probe { static [Symbol.hasInstance](p) { tick(); c = p; return true; } }`;
