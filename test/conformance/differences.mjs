// All differences between handlers and V8. The table in docs/handlers.md is generated from them, and the
// programs show each. Any other difference fails the tests.

/**
 * Each: `what` differs, what holds `here` and `there`, and the `reason`; a `program` that shows it, with the outcome of either side as
 * text; and `titles` of programs of the catalogue and the sample, in all of which it shows. One that shows nothing any more fails the tests.
 */
export const DIFFERENCES = [
  {
    what: 'Code from strings',
    here: '`eval`, `Function(…)` and similar functions throw a `TypeError`',
    there: 'the string is executed',
    reason: 'The VM has no compiler: only code that was compiled and checked before can run.',
    program: "try { return eval('1 + 1'); } catch (e) { return e.name; }",
    outcomes: { here: 'value "TypeError"', there: 'value 2' },
    titles: [],
  },
  {
    what: 'Buffers keep their bytes and their length',
    here: '`transfer` and `structuredClone` with `transfer` copy; `resize` and `SharedArrayBuffer` do not exist',
    there: 'buffers are detached and resized',
    reason: 'The engine is not memory-safe if a buffer changes while it is used.',
    program: 'const b = new ArrayBuffer(4); b.transfer(); return [b.byteLength, typeof b.resize];',
    outcomes: { here: 'value Array(2){"0":4,"1":"undefined"}', there: 'value Array(2){"0":0,"1":"function"}' },
    titles: ['buffers slice, transfer and resize'],
  },
  {
    what: 'The source of a function',
    here: '`function f() { [native code] }`',
    there: 'its source',
    reason: 'A compiled handler does not contain its source.',
    program: 'return String((a) => a + 1).includes("native code");',
    outcomes: { here: 'value true', there: 'value false' },
    titles: [],
  },
  {
    what: 'The wording of errors',
    here: "`cannot read property 'x' of undefined` as `message`; a result names the expression as well: `…, of o.x`",
    there: "`Cannot read properties of undefined (reading 'x')`",
    reason: 'The standard leaves it open. Names and kinds of errors are the same.',
    program: 'try { undefined.x; } catch (e) { return `${e}`.includes("cannot read property"); }',
    outcomes: { here: 'value true', there: 'value false' },
    titles: ['all, allSettled, race and any with mixed inputs', 'toPrimitive decides by hint'],
  },
  {
    what: 'Frames in `error.stack`',
    here: '`at f (handler.js:1:5)`, the column of the failing expression; `<anonymous>` for a function without a name',
    there: '`at f (handler.js:1:3)`, often the column of the statement; other names for calls of builtins',
    reason: 'The standard leaves it open. Lines are the same except for those that `test/conformance/errors` lists.',
    program: String.raw`function f() { return new Error('e'); } return /:(\d+)\)$/.exec(f().stack.split('\n')[1])[1];`,
    outcomes: { here: 'value "32"', there: 'value "23"' },
    titles: [
      'stacks name the functions, lines and columns of the source',
      'stacks through async functions, generators and callbacks',
      'functions know their file, line and column',
    ],
  },
  {
    what: 'The last digits of `Math` functions, and of numbers in odd radixes',
    here: 'as in musl',
    there: 'as in V8',
    reason: 'The standard leaves them open.',
    program: 'return (0.1).toString(25);',
    outcomes: { here: 'value "0.2ccccccccccd"', there: 'value "0.2cccccccccccc"' },
    titles: [
      'Number toString(3)',
      'toFixed, toPrecision, toExponential and toString with a radix',
      /^random program (?:42|172):/,
    ],
  },
  {
    what: '`Intl.DurationFormat`, and the lists of an `Intl.Locale`',
    here: '`DurationFormat` is there if the host has it; lists are methods, `getCalendars()`',
    there: 'by version: Node 20 has properties, `calendars`, and newer ones methods',
    reason: 'The image of a handler is the same on every Node.',
    program: "return Object.getOwnPropertyDescriptor(Intl, 'DurationFormat')?.get !== undefined;",
    outcomes: { here: 'value true', there: 'value false' },
    titles: [],
  },
  {
    what: 'Modules',
    here: '`import()` of a computed name is refused, and so is every `import()` outside of a module',
    there: 'it loads a module',
    reason: 'What a handler may import is known before it runs.',
    program: undefined,
    titles: ['dynamic import without a module loader rejects'],
  },
  {
    what: 'A parameter that is declared again with `var` and captured by a default value',
    here: '`COMPILATION_ERROR`',
    there: 'two variables of the same name',
    reason: 'The engine would use one variable, so it is refused. Rename one of them.',
    program: undefined,
    titles: [/^parameters: a default that changes, declares with var/],
  },
  {
    what: 'A parameter of a generator that is assigned to and used by the default value of another parameter',
    here: '`COMPILATION_ERROR`',
    there: 'the default value sees the assignment',
    reason:
      'The engine would give a wrong value, so it is refused. Copy the parameter to a variable of the body, and assign that.',
    program: 'function* g(a, f = () => a) { a = 2; yield f(); } return [...g(1)];',
    outcomes: { here: 'syntax error', there: 'value Array(1){"0":2}' },
    titles: [],
  },
  {
    what: 'How often traps of a proxy are called',
    here: '`[...p]` and `f(...p)` read `Symbol.iterator` twice; `with (p)` calls `has` once more; `isFrozen` and `isSealed` read the keys first; `for…in` reads descriptors instead of the prototype; a proxy of a proxy calls the inner one once less when it defines a property',
    there: 'as the standard says',
    reason: 'Only a proxy that logs its calls shows it; results are the same.',
    program:
      'let n = 0; const p = new Proxy([], { get: (t, k) => (k === Symbol.iterator && n++, t[k]) }); [...p]; return n;',
    outcomes: { here: 'value 2', there: 'value 1' },
    titles: [
      /^a proxy: (?:\[\.\.\.p\]|Object\.isFrozen\(p\)), /,
      /^a proxy: (?:p\.a = 5|\[\.\.\.p\]|p\.a\+\+|Object\.(?:freeze|isFrozen|defineProperty)\(p.*|Array\.prototype\.push.*), a proxy$/,
      'every trap sees its operation',
      'with, in, for-in and spread go through traps',
      /^random program (?:50|53|62|63|84|190):/,
    ],
  },
  {
    what: 'How often a key is converted in `o[key]++`',
    here: 'once, as the standard says',
    there: 'twice',
    reason: 'A fault of V8.',
    program: 'let n = 0; const o = { x: 1 }; o[{ toString: () => (n++, "x") }]++; return n;',
    outcomes: { here: 'value 1', there: 'value 2' },
    titles: ['increment of members', 'keys are converted with ToPropertyKey once'],
  },
  {
    what: 'An iterator whose `next` throws in `for await`, or in `yield*` of an async generator',
    here: 'is not closed, as the standard says',
    there: 'is closed',
    reason: 'A fault of newer versions of V8.',
    program: undefined,
    titles: ['for await, that fails at the second'],
  },
  {
    what: 'A typed array that `Object.freeze` refuses',
    here: 'stays as it was',
    there: 'has its other properties frozen',
    reason: 'V8 freezes them before it finds the elements.',
    program: undefined,
    titles: ['out of range indices, odd keys and non-writable semantics'],
  },
  {
    what: '`Math.sumPrecise`',
    here: 'exists',
    there: 'does not exist, or not yet',
    reason: 'It is an addition.',
    program: 'return typeof Math.sumPrecise;',
    outcomes: { here: 'value "function"', there: 'value "undefined"' },
    titles: ['Math functions give the same doubles'],
  },
];

/** The entry that accounts for a difference in a program; undefined when none does. */
export function differenceIn(title) {
  return DIFFERENCES.find(({ titles }) => matches(titles, title));
}

/** Programs that the table names, and that do not differ. */
export function staleTitles(programs, differing) {
  return DIFFERENCES.flatMap(({ what, titles }) =>
    titles.flatMap((one) => {
      const meant = programs.filter(({ title }) => matches([one], title));
      return meant.filter(({ title }) => !differing.has(title)).map(({ title }) => `${what}: ${title}`);
    }),
  );
}

/** Titles in the table that stand for no program. */
export function unknownTitles(programs) {
  return DIFFERENCES.flatMap(({ titles }) =>
    titles.filter((one) => !programs.some(({ title }) => matches([one], title))).map(String),
  );
}

function matches(titles, title) {
  return titles.some((one) => (typeof one === 'string' ? title === one || title === `rules: ${one}` : one.test(title)));
}
