import { denied, success, thrown } from '../lib/outcomes.mjs';
import { COLD_AND_HOT } from '../lib/ways.mjs';

export const title = 'state that may only be read';
export const ways = COLD_AND_HOT;

const DOCUMENT = { list: [3, 1, 2], inner: { a: 1 } };
const CONTEXT = { stateSnapshot: { doc: DOCUMENT, own: {} }, capabilities: ['state:read:*', 'state:write:own'] };

/** A change by any way is denied at the line, or found afterwards; or the language refuses it. It is no mutation. */
const REFUSED = [denied('state:write:doc'), thrown(/^TypeError: /)];

function change(name, source, expect = REFUSED) {
  return { name, source, context: CONTEXT, expect };
}

const PLAIN = [
  change('assigned', '$state.doc.inner.a = 2'),
  change('added', '$state.doc.inner.b = 2'),
  change('deleted', 'delete $state.doc.inner.a'),
  change('incremented', '$state.doc.inner.a++'),
  change('by an index', '$state.doc.list[0] = 9'),
  change('by its length', '$state.doc.list.length = 0'),
  change('through an alias', 'const { doc } = $state; const { inner } = doc; inner.a = 2'),
  change('after an await', 'const { inner } = $state.doc; await null; inner.a = 2'),
  change('in a promise', 'await Promise.all([1, 2].map(async (n) => { $state.doc.inner.a = n + 1 }))'),
  change(
    'in a job behind the handler',
    'const { inner } = $state.doc; Promise.resolve().then(() => { inner.a = 2 }).catch(() => {}); return 1',
    [...REFUSED, success(1)],
  ),
  change('in a nested function that catches', 'try { $state.doc.inner.a = 2 } catch {} return 1', [
    ...REFUSED,
    success(1),
  ]),
];

const METHODS = [
  'push(9)',
  'pop()',
  'shift()',
  'unshift(9)',
  'reverse()',
  'sort()',
  'splice(0, 1)',
  'fill(9)',
  'copyWithin(0, 1)',
].map((call) => change(`by ${call}`, `$state.doc.list.${call}`));

const REFLECTION = [
  change('by Reflect.set', 'Reflect.set($state.doc.inner, "a", 2); return 1', [...REFUSED, success(1)]),
  change(
    'by Reflect.set with itself as receiver',
    'const { inner } = $state.doc; Reflect.set({}, "a", 2, inner); return 1',
    [...REFUSED, success(1)],
  ),
  change('by Object.defineProperty', 'Object.defineProperty($state.doc.inner, "a", { value: 2 })'),
  change('by Object.assign', 'Object.assign($state.doc.inner, { a: 2 })'),
  change('by a prototype', 'Object.setPrototypeOf($state.doc.inner, { b: 2 }); return 1', [...REFUSED, success(1)]),
  change('by __proto__', '$state.doc.inner.__proto__ = { b: 2 }; return 1', [...REFUSED, success(1)]),
  change('by a method of another array', 'Array.prototype.push.call($state.doc.list, 9)'),
  change('by a method of a proxy', 'new Proxy($state.doc.list, {}).push(9)'),
  change('by an heir', 'Object.create($state.doc.inner).a = 2; return $state.doc.inner.a', [...REFUSED, success(1)]),
];

/** Ways to an object of the state other than by its key. */
const DETOURS = [
  ['Object.values', 'Object.values($state)[0]'],
  ['Object.entries', 'Object.entries($state)[0][1]'],
  ['a spread', '({ ...$state }).doc'],
  ['Object.assign', 'Object.assign({}, $state).doc'],
  ['rest', '(({ own, ...rest }) => rest.doc)($state)'],
  ['a descriptor', 'Object.getOwnPropertyDescriptor($state, "doc").value'],
  ['descriptors', 'Object.getOwnPropertyDescriptors($state).doc.value'],
  ['Reflect', 'Reflect.getOwnPropertyDescriptor($state, "doc").value'],
  ['Reflect.get', 'Reflect.get($state, "doc", {})'],
  ['its method get', '$state.get("doc")'],
  ['a proxy of $state', 'new Proxy($state, {}).doc'],
  ['an heir of $state', 'Object.create($state).doc'],
  ['with', '(() => { with ($state) { return doc } })()'],
  [
    'a callback of an array',
    '(() => { let found; $state.doc.list.forEach((_, __, list) => { found = list }); return { inner: found } })()',
  ],
  ['the last argument of a reducer', '({ inner: $state.doc.list.reduce((_, __, ___, list) => list, null) })'],
  ['a reviver', 'JSON.parse("1", () => $state.doc)'],
  [
    'toJSON of its prototype',
    '(() => { let found; Object.prototype.toJSON = function () { if (this.inner) found = this; return 1 }; JSON.stringify($state); delete Object.prototype.toJSON; return found ?? $state.doc })()',
  ],
  [
    'a getter of its prototype',
    '(() => { let found; Object.defineProperty(Object.prototype, "peek", { get() { found = this; return 1 }, configurable: true }); $state.doc.peek; delete Object.prototype.peek; return found ?? $state.doc })()',
  ],
  ['valueOf', '$state.doc.valueOf()'],
  ['own state', '($state.own = $state.doc, $state.doc)'],
].map(([name, way]) =>
  // What was assigned to the handler's own state is his own mutation.
  change(
    `reached by ${name}`,
    `const found = ${way}; found.inner.a = 2; found.inner[0] = 9; return 1`,
    REFUSED.map((refused) => ({
      ...refused,
      stateMutations: (mutations) => mutations.every(({ key }) => key === 'own'),
    })),
  ),
);

const READ = [
  change(
    'read in many ways',
    'const { doc } = $state; return [doc.list.map((x) => x * 2), [...doc.list], JSON.stringify(doc), Object.keys(doc), doc.inner.a, doc.list.indexOf(1), doc.list.slice().sort()]',
    success([[6, 2, 4], [3, 1, 2], JSON.stringify(DOCUMENT), ['list', 'inner'], 1, 1, [1, 2, 3]]),
  ),
  change(
    'copied, and the copy changed',
    'const copy = JSON.parse(JSON.stringify($state.doc)); copy.inner.a = 2; copy.list.push(4); return copy',
    success({ list: [3, 1, 2, 4], inner: { a: 2 } }),
  ),
  change('returned', 'return $state.doc', success(DOCUMENT)),
  change(
    'changed where it may be',
    '$state.own.x = 1; $state.own.y = [1]; return 1',
    success(1, {
      stateMutations: (mutations) =>
        mutations.length === 1 &&
        mutations[0].key === 'own' &&
        mutations[0].value.x === 1 &&
        mutations[0].value.y[0] === 1,
    }),
  ),
];

export const programs = [PLAIN, METHODS, REFLECTION, DETOURS, READ].flat();
