/** A generator of numbers below a bound, the same for the same seed (mulberry32). */
export function numbersOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** The keys of {@link stateOf}. */
export const KEYS = ['key0', 'key1', 'key2', 'key3', 'key4', 'key5', '7', '__proto__'];

const rows = (count: number) =>
  Array.from({ length: count }, (_, id) => ({ id, name: `row ${id}`, tags: ['a', id % 2 === 0], at: { x: id * 1.5 } }));

/** Values that are large enough to be left out, and what prevents it. */
const VALUES: readonly (() => unknown)[] = [
  () => rows(60),
  () => 'long text '.repeat(400),
  () => ({ table: rows(40), title: 'nested', none: null, absent: undefined, big: 12345678901234567890n }),
  () => ({ bytes: new Uint8Array(4_000).fill(7), floats: new Float64Array(600).fill(0.5), at: new Date(86_400_000) }),
  () => {
    const twice = { shared: rows(30) };
    return [twice, twice, { again: twice.shared }];
  },
  () => [1, 2, 3],
  () => 'short',
  () => new Map([['rows', rows(50)]]),
  () => Object.fromEntries(rows(80).map((row) => [`n${row.id}`, row])),
];

/** A state, some of whose values have objects in common. */
export function stateOf(number: (below: number) => number): Record<string, unknown> {
  const state: Record<string, unknown> = {};
  let last: unknown = 1;
  for (const key of KEYS) {
    if (number(6) === 0) continue;
    const make = VALUES[number(VALUES.length)] as () => unknown;
    const value = number(40) === 0 ? { last, more: rows(40) } : make();
    Object.defineProperty(state, key, { value, enumerable: true, writable: true, configurable: true });
    last = value;
  }
  return state;
}

/** Statements about a key `k` and the state `s`; some read it in ways that no text shows. */
const STATEMENTS: readonly string[] = [
  'out.push(JSON.stringify(s[k], text)?.length)',
  's[k]?.[0] instanceof Object && (s[k][0].name = "changed")',
  's[k] = [1, { two: 2 }]',
  'delete s[k]',
  'out.push(Object.keys(s).join())',
  'out.push(k in s, Object.hasOwn(s, k))',
  'out.push(Object.values({ ...s }).length)',
  'out.push(JSON.stringify(s, text).length)',
  'out.push(Object.entries(s).map(([key, value]) => key + typeof value).join())',
  '{ const { [k]: one, ...others } = s; out.push(typeof one, Object.keys(others).length); }',
  'out.push(Reflect.ownKeys(s).length, typeof Reflect.getOwnPropertyDescriptor(s, k)?.value)',
  'out.push(typeof Object.getOwnPropertyDescriptors(s)[k]?.value)',
  'out.push(Object.keys(Object.assign({}, s)).length)',
  'out.push(typeof s.get(k), s.has(k), s.keys().length)',
  's.set(k, { n: out.length })',
  'out.push(s.delete(k))',
  'out.push(await $ext.e.echo(out.length))',
  'out.push(JSON.stringify(await $ext.e.echo(s[k]), text)?.length)',
  'out.push(Object.keys(await $ext.e.echo(s)).length)',
  'await Promise.all([$ext.e.echo(1), $ext.e.echo(2)])',
  'out.push(Object.keys(structuredClone(Object.keys(s))).length)',
  '$emit("event", s[k])',
  '$log.info(String(k in s) + out.length)',
  'console.log(typeof s[k])',
  'out.push(typeof Object.create(s)[k])',
  'for (const name in s) if (name === k) out.push(name)',
  'out.push(new URL("https://a.b/" + k).pathname)',
  's[k]?.title && (s[k].title += "!")',
  's[k]?.bytes && (s[k].bytes[1] = 9)',
  'if (s[k]?.last) s[k].last.extra = 1',
  'out.push([...Object.keys(s)].some((name) => s[name] === s[k]?.last))',
  'if (out.length > 30) throw new Error("too much " + typeof s[k])',
  'try { s[k].x.y.z } catch (error) { out.push(error.message) }',
];
const ENDS: readonly string[] = ['return out', 'return [out, s[k]]', 'return s', 'return { s, out }', 'throw s[k]'];

/** A handler whose text names no key of the state. */
export function programOf(number: (below: number) => number): string {
  const lines = [
    'const s = $state, out = [];',
    'const text = (_, value) => (typeof value === "bigint" ? String(value) : value);',
    'const name = (n) => ["k" + "ey" + n, "k" + "ey" + n, String(n), "__pro" + "to__"][n === 7 ? 2 : n === 6 ? 3 : 0];',
    'let k = name(0);',
  ];
  const count = 1 + number(8);
  for (let i = 0; i < count; i++) {
    lines.push(`k = name(${number(8)}); ${STATEMENTS[number(STATEMENTS.length)]};`);
  }
  lines.push(`${ENDS[number(10) < 6 ? 0 : number(ENDS.length)]};`);
  return lines.join('\n');
}
