/** Programs of every kind with what they cost: the same on every machine and every Node. A change of engine or prelude may change it. */
export const PROGRAMS: readonly (readonly [name: string, code: string, instructions: number])[] = [
  ['nothing', 'return 1', 53],
  ['a loop', 'let s = 0; for (let i = 0; i < 123456; i++) s += i; return s', 246_966],
  ['recursion', 'const f = (n) => n < 2 ? n : f(n - 1) + f(n - 2); return f(20)', 43_835],
  [
    'a sort with a comparator',
    'return [...Array(2000).keys()].map((i) => (i * 7919) % 2003).sort((a, b) => a - b).length',
    23_858,
  ],
  ['backtracking of a regular expression', 'return /(a+)+b/.test("a".repeat(20))', 4_190_056],
  ['promises', 'for (let i = 0; i < 3000; i++) await i; return 1', 21_051],
  ['state', 'for (let i = 0; i < 500; i++) $state.n = ($state.n ?? 0) + i; return $state.n', 13_071],
  [
    'a feature of the image',
    'for (let i = 0; i < 50; i++) console.log("x", { i }, [i, new Map([[1, i]])]); return 1',
    31_804,
  ],
  [
    'a feature that its bytecode does not name: the attempt is started again',
    'const g = globalThis; let n = 0; for (let i = 0; i < 20; i++) n += new (g["U" + "RL"])("https://a.example/" + i).href.length; return n',
    1_254,
  ],
  [
    'a denied change: the attempt is executed again, to find the line',
    'try { $state.o.x = 1 } catch {} for (let i = 0; i < 20000; i++); return 1',
    40_147,
  ],
  ['an accessor of what it returns', 'return { get x() { for (let i = 0; i < 50000; i++); return 1 } }', 100_197],
];
