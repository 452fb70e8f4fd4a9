import { js, type Subject } from '../program.js';

const NARROW_LENGTHS = [0, 1, 127, 128, 255, 256, 16_383, 16_384, 70_000];
const WIDE_LENGTHS = [1, 63, 64, 127, 128, 8_191, 8_192, 40_000];

const count = <T>(n: number, item: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => item(i));

/** Programs large enough to need the wide encodings of all operands that count, refer to or jump over bytecode. */
export const formatLimits: Subject = {
  subject: 'sizes that bytecode encodes in more than one way',
  programs: [
    {
      title: 'string constants of many lengths, in one and two bytes a character',
      body: [
        `const narrow = [${NARROW_LENGTHS.map((n) => `'${'x'.repeat(n)}'`).join(',')}];`,
        `const wide = [${WIDE_LENGTHS.map((n) => `'${'ж'.repeat(n)}'`).join(',')}];`,
        'const sum = (s) => { let h = 0;',
        '  for (let i = 0; i < s.length; i++) h = (h * 31 + s.charCodeAt(i)) | 0; return h; };',
        'return [...narrow, ...wide].map((s) => [s.length, sum(s)]);',
      ].join('\n'),
    },
    {
      title: 'thousands of distinct names and properties',
      body: [
        'const o = {};',
        ...count(3000, (i) => `o.property${i} = 'value' + ${i};`),
        "return [Object.keys(o).length, o.property0, o.property2999, Object.values(o).join('').length];",
      ].join('\n'),
    },
    {
      title: 'hundreds of functions side by side',
      body: [
        ...count(600, (i) => `function f${i}(x) { return x + ${i}; }`),
        `return [${count(600, (i) => `f${i}`).join(', ')}].reduce((sum, f, i) => sum + f(i), 0);`,
      ].join('\n'),
    },
    {
      title: 'functions nested dozens of levels deep',
      body: [
        ...count(60, (i) => `return ((v${i}) => {`),
        `return ${count(60, (i) => `v${i}`).join(' + ')};`,
        ...count(60, (i) => `})(${60 - i});`),
      ].join('\n'),
    },
    {
      title: 'jumps over more than 64 KiB of code',
      body: [
        'let total = 0;',
        'for (let round = 0; round < 2; round++) {',
        '  if (round === 0) {',
        ...count(4000, (i) => `    total += total % ${i + 2} ? ${i} : ${i}.5;`),
        '  } else total = -total;',
        '}',
        'return total;',
      ].join('\n'),
    },
    {
      title: 'a switch with hundreds of cases of every type',
      body: [
        'const pick = (x) => { switch (x) {',
        ...count(300, (i) => `case ${i}: return 'n${i}'; case 's${i}': return ${i}; case ${i}n: return -${i};`),
        "default: return 'none'; } };",
        "return [pick(0), pick(299), pick('s150'), pick(77n), pick(300), pick('s')];",
      ].join('\n'),
    },
    {
      title: 'try blocks and blocks nested dozens of levels deep',
      body: [
        'const log = [];',
        ...count(40, (i) => `try { { let v = ${i}; log.push(v);`),
        "throw new Error('core');",
        ...count(
          40,
          (i) => `} } catch (e) { throw new Error(e.message + ${i}, { cause: log }); } finally { log.push(0); }`,
        ),
      ].join('\n'),
      ends: 'exception',
    },
    {
      title: 'long chains of operators, calls, members and conditionals',
      body: [
        `const sum = ${count(800, (i) => i).join(' + ')};`,
        'const o = { get next() { this.n = (this.n ?? 0) + 1; return this; }, call() { return this.next; } };',
        `o${'.next.call()'.repeat(150)};`,
        `const pick = (x) => ${count(150, (i) => `x === ${i} ? 'is ${i}' :`).join(' ')} 'other';`,
        `const text = \`${count(150, (i) => `\${${i}}-`).join('')}\`;`,
        'return [sum, o.n, pick(0), pick(149), pick(150), text.length];',
      ].join('\n'),
    },
    {
      title: 'hundreds of class members, private names and fields',
      body: [
        'class Big {',
        ...count(150, (i) => `#p${i} = ${i}; f${i} = this.#p${i} * 2; m${i}() { return this.#p${i}++; }`),
        ...count(150, (i) => `get g${i}() { return this.#p${i}; }`),
        '}',
        'const b = new Big();',
        'const keys = [Reflect.ownKeys(Big.prototype).length, Object.keys(b).length];',
        'return [b.f149, b.m0(), b.g0, b.m149(), b.g149, keys];',
      ].join('\n'),
    },
    {
      title: 'integers and floats around every width of an operand',
      body: [
        'return [',
        ...[7, 8, 15, 16, 31, 32, 33, 53, 63, 64]
          .map((bits) => 2n ** BigInt(bits))
          .flatMap((power) => [power - 1n, power, power + 1n])
          .map((n) => `${n}, -${n}, ${n}n, -${n}n, ${n}.5,`),
        '];',
      ].join('\n'),
    },
    {
      title: 'regular expressions with large classes, counts and many groups',
      body: [
        `const groups = /${count(120, (i) => `(?<g${i}>${String.fromCharCode(97 + (i % 26))})?`).join('')}$/;`,
        `const letters = /^[${count(300, (i) => `\\u{${(0x4e00 + i * 7).toString(16)}}`).join('')}]+$/u;`,
        "const m = groups.exec('abcxyz');",
        "const counted = /^(?:ab){250,300}$/.test('ab'.repeat(275));",
        "const tested = [letters.test('\\u4e00\\u4e07'), letters.test('\\u4e01')];",
        'return [m.length, m.groups.g0, m.groups.g119, tested, counted, /\\p{L}/giu.source];',
      ].join('\n'),
    },
    {
      title: 'functions know their file, line and column',
      body: js`
        function here() {}
          const arrow = () => {};
        class C { method() {} }
        return [here, arrow, C, C.prototype.method].map((f) => [f.fileName, f.lineNumber, f.columnNumber]);
      `,
    },
    {
      title: 'dynamic import without a module loader rejects',
      body: js`await import('./nothing.js');`,
      ends: 'exception',
    },
  ],
};
