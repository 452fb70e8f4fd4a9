// An innocent handler that is executed after every program, on the same worker: its outcome must be exactly right, and it
// looks for anything that the program left behind.
import { isDeepStrictEqual } from 'node:util';

/**
 * Describes every object that can be reached from the global one, a line for each: what it is, its prototype, every
 * property with its attributes and value. Two realms that were not changed give the same text.
 */
const DESCRIBE_REALM = `
  const lines = [];
  const numbers = new Map();
  const queue = [];
  const visit = (object, path) => {
    if (!numbers.has(object)) {
      numbers.set(object, numbers.size);
      queue.push([object, path]);
    }
    return '#' + numbers.get(object);
  };
  const render = (value, path) => {
    if ((typeof value === 'object' && value !== null) || typeof value === 'function') return visit(value, path);
    return typeof value === 'string' ? JSON.stringify(value) : Object.is(value, -0) ? '-0' : String(value);
  };
  visit(globalThis, 'globalThis');
  const hidden = {
    generator: Object.getPrototypeOf(function* () {}), asyncGenerator: Object.getPrototypeOf(async function* () {}),
    asyncFunction: Object.getPrototypeOf(async () => {}), typedArray: Object.getPrototypeOf(Uint8Array),
    arrayIterator: Object.getPrototypeOf([].values()), mapIterator: Object.getPrototypeOf(new Map().values()),
    setIterator: Object.getPrototypeOf(new Set().values()), stringIterator: Object.getPrototypeOf(''[Symbol.iterator]()),
    regExpIterator: Object.getPrototypeOf(/a/g[Symbol.matchAll]('')), thrower: Object.getOwnPropertyDescriptor(
      (function () { 'use strict'; return arguments; })(), 'callee').get,
  };
  for (const name of Object.keys(hidden)) visit(hidden[name], name);
  for (const [object, path] of queue) {
    const properties = Reflect.ownKeys(object).map((key) => {
      const { value, get, set, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(object, key);
      const place = path + '.' + String(key);
      const content = get || set ? 'get ' + render(get, place) + ' set ' + render(set, place) : render(value, place);
      return [String(key), writable, enumerable, configurable, content].join(' ');
    });
    const kind = typeof object === 'function' ? Function.prototype.toString.call(object) : typeof object;
    const prototype = render(Object.getPrototypeOf(object), path + '.[[Prototype]]');
    lines.push([path, kind, Object.isExtensible(object), prototype, ...properties].join(' | '));
  }
  const realm = lines.join('\\n');
`;

/** Uses a little of everything, in an order that only an undisturbed job queue gives. */
const WORK = `
  const order = [];
  const step = async (name) => { order.push(name + 1); await null; order.push(name + 2); };
  await Promise.all([step('a'), step('b'), Promise.resolve().then(() => order.push('then'))]);
  class Point { #x = 1; static from(x) { const p = new Point(); p.#x = x; return p; } get x() { return this.#x; } }
  function* upTo(n) { for (let i = 0; i < n; i++) yield i; }
  const caught = [];
  try { null.property } catch (error) { caught.push(error instanceof TypeError, error.name) }
  try { (function deep() { deep() })() } catch (error) { caught.push(error.name) }
  const work = {
    order, caught, x: Point.from(7).x, sum: [...upTo(5)].reduce((a, b) => a + b), sorted: [3, 1, 2].sort(),
    json: JSON.parse(JSON.stringify({ a: [1, { b: 'ü' }], c: null })), map: [...new Map([['k', 1]])],
    regExp: 'a-b-c'.replace(/-(.)/g, (_, c) => c.toUpperCase()), big: 2n ** 70n, date: new Date(0).toISOString(),
    bytes: new Uint8Array(2000).every((byte) => byte === 0), holes: Object.keys([, 1]), text: 'x'.padStart(3, '-'),
  };
  $state.count += $args.by;
  $state.last = $scope.user;
  delete $state.old;
  $emit('counted', { count: $state.count });
  $view.focus('field', 1);
  $log('clean', { count: $state.count });
  console.warn('warned');
  return { work, realm, state: { ...$state }, random: Math.random() };
`;

/** What is in the realm only of handlers that name it. Evaluated before the realm is described. */
const USE_WEB_GLOBALS = `
  const web = [
    new URL('/a?b=c#d', 'http://host').href, [...new TextEncoder().encode('é')], new TextDecoder().decode(new Uint8Array([195, 169])),
    structuredClone(new Map([['k', [1]]])).get('k'), atob(btoa('text')), new Set([crypto.randomUUID(), crypto.randomUUID()]).size,
  ];
  if (JSON.stringify(web) !== '["http://host/a?b=c#d",[195,169],"é",[1],"text",2]') throw new Error(JSON.stringify(web));
`;

/** A handler that names no global of the web, and one that names all: they are executed from different images. */
const SOURCES = [`${DESCRIBE_REALM}${WORK}`, `${USE_WEB_GLOBALS}${DESCRIBE_REALM}${WORK}`];

const CONTEXT = {
  stateSnapshot: { count: 1, old: true },
  args: { by: 2 },
  scope: { user: 'canary' },
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:counted', 'view:update:field'],
};

const EFFECTS = {
  status: 'success',
  error: undefined,
  stateMutations: [
    { operation: 'set', key: 'count', value: 3 },
    { operation: 'set', key: 'last', value: 'canary' },
    { operation: 'delete', key: 'old' },
  ],
  events: [{ name: 'counted', payload: { count: 3 } }],
  viewCommands: [{ type: 'focus', componentId: 'field', args: [1] }],
  logs: [
    { level: 'info', message: 'clean {"count":3}' },
    { level: 'warn', message: 'warned' },
  ],
};

const EXPECTED_WORK = {
  order: ['a1', 'b1', 'a2', 'b2', 'then'],
  caught: [true, 'TypeError', 'RangeError'],
  x: 7,
  sum: 10,
  sorted: [1, 2, 3],
  json: { a: [1, { b: 'ü' }], c: null },
  map: [['k', 1]],
  regExp: 'aBC',
  big: 2n ** 70n,
  date: '1970-01-01T00:00:00.000Z',
  bytes: true,
  holes: ['1'],
  text: '--x',
};

/** Executions until the handler has an image of its own, and one more with it. */
const WARMING_EXECUTIONS = 5;
/** A VM that grew by more is not used again. */
const MAX_RETAINED_BYTES = 16 * 2 ** 20;

/** One of the {@link SOURCES}, and what is normal for it. */
class Variant {
  source;
  realm;
  /** What it used of the heap and how many effects it had in a fresh runtime, cold and hot. */
  figures = new Set();
  peakBytes = 0;

  constructor(source) {
    this.source = source;
  }

  /** @returns what is wrong, a line each */
  judge({ metrics, ...result }) {
    const { returnValue = {} } = result;
    const violations = [];
    for (const [field, expected] of Object.entries(EFFECTS)) {
      if (!isDeepStrictEqual(result[field], expected)) violations.push(`${field}: ${JSON.stringify(result[field])}`);
    }
    if (!isDeepStrictEqual(returnValue.work, EXPECTED_WORK)) violations.push('it computes something else');
    if (!isDeepStrictEqual(returnValue.state, { count: 3, last: 'canary' })) violations.push('its state is another');
    if (returnValue.realm !== this.realm) violations.push(firstDifference(this.realm, returnValue.realm));
    if (!this.figures.has(figuresOf(metrics))) violations.push(`its figures are others: ${figuresOf(metrics)}`);
    if (metrics.memoryPeakBytes > this.peakBytes + MAX_RETAINED_BYTES) {
      violations.push(`its VM has ${metrics.memoryPeakBytes} bytes`);
    }
    return violations;
  }
}

export class Canary {
  #variants = SOURCES.map((source) => new Variant(source));
  #drawn = new Set();
  #checks = 0;

  /** Learns from a runtime that has executed nothing else what is normal. */
  async learn(runtime) {
    for (const variant of this.#variants) {
      for (let i = 0; i < WARMING_EXECUTIONS; i++) {
        const result = await runtime.executeHandler(variant.source, CONTEXT);
        const { status, error, returnValue, metrics } = result;
        if (status !== 'success') throw new Error(`The canary fails in a fresh runtime: ${error.message}`);
        variant.realm ??= returnValue.realm;
        variant.figures.add(figuresOf(metrics));
        variant.peakBytes = Math.max(variant.peakBytes, metrics.memoryPeakBytes);
        const [violation] = variant.judge(result);
        if (violation !== undefined) throw new Error(`The canary is wrong in a fresh runtime: ${violation}`);
      }
    }
  }

  /**
   * Executes it: by turns with and without globals of the web, as a handler that the worker knows well and as one that it
   * never saw.
   *
   * @returns what is wrong, a line each
   */
  async check(runtime) {
    const number = this.#checks++;
    const variant = this.#variants[number % this.#variants.length];
    const isKnown = Math.floor(number / this.#variants.length) % 2 === 0;
    const result = await runtime.executeHandler(isKnown ? variant.source : `${variant.source}// ${number}`, CONTEXT);
    const violations = variant.judge(result);
    const { random } = result.returnValue ?? {};
    if (this.#drawn.has(random)) violations.push('Math.random repeats itself');
    this.#drawn.add(random);
    return violations.map((violation) => `the next execution: ${violation}`);
  }
}

function figuresOf({ memoryUsedBytes, hostCalls }) {
  return `${memoryUsedBytes} bytes, ${hostCalls} host calls`;
}

function firstDifference(expected, actual = '') {
  const before = new Set(expected.split('\n'));
  const line = actual.split('\n').find((candidate) => !before.has(candidate));
  return `its realm differs: ${line === undefined ? 'something is gone' : line.slice(0, 400)}`;
}
