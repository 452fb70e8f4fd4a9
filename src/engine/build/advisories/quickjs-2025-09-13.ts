import type { Advisory, Stop } from './advisory.js';
import { SETTLED } from './quickjs-2025-09-13-settled.js';

const mend = (...mends: string[]): Stop => ({ by: 'mend', mends });
const STAYING_BUFFERS: Stop = { by: 'prelude', how: 'nothing detaches, moves or resizes a buffer' };
const END_OF_MEMORY: Stop = { by: 'host', how: 'a small allocation that finds no memory ends the run' };
const NO_WEAK_REFERENCES: Stop = {
  by: 'prelude',
  how: "WeakRef and FinalizationRegistry are guest code, not the engine's: they hold strongly and call nothing",
};
const NO_ATOMICS: Stop = { by: 'absence', how: 'no Atomics and no SharedArrayBuffer' };
const NO_SYSTEM: Stop = { by: 'absence', how: 'no modules `std`, `os` and `bjson`, no workers' };
const NO_MODULES: Stop = { by: 'absence', how: 'no modules: `import` is a syntax error, `import()` is refused' };
const NO_COMPILER: Stop = { by: 'absence', how: 'no compiler in the VM: `eval` and `Function` throw' };
const SEALED: Stop = { by: 'host', how: 'the reader only gets bytecode with a valid seal, see cacheSecret' };

/**
 * For `quickjs-emscripten` 0.32.0: bellard/quickjs f113949 of 2025-12-22. Faults that its source has fixed
 * are in a separate list.
 */
export const QUICKJS_2025_09_13: readonly Advisory[] = [
  {
    ids: ['CVE-2026-0821', 'bellard/quickjs#478', 'quickjs-ng/quickjs#1296', 'bellard/quickjs@68caa5f'],
    what: 'a typed array over a buffer that was detached while its constructor read a prototype: access to all memory',
    reaches: 'guest',
    stoppedBy: STAYING_BUFFERS,
  },
  {
    ids: ['CVE-2026-0822', 'bellard/quickjs#477', 'quickjs-ng/quickjs#1297', 'bellard/quickjs@0989d4c'],
    what: 'TypedArray.prototype.sort reads behind a buffer that its comparator shrank',
    reaches: 'guest',
    stoppedBy: STAYING_BUFFERS,
  },
  {
    ids: ['CVE-2026-1145', 'quickjs-ng/quickjs#1305', 'quickjs-ng/quickjs@53aebe6'],
    what: 'a typed array made of one whose buffer shrank meanwhile copies what is behind it',
    reaches: 'guest',
    stoppedBy: STAYING_BUFFERS,
  },
  {
    ids: ['bellard/quickjs#492', 'bellard/quickjs@841dd03', 'quickjs-ng/quickjs@e6e4e76'],
    what: 'TypedArray.prototype.with copies what is behind a buffer that the valueOf of its value shrank',
    reaches: 'guest',
    stoppedBy: STAYING_BUFFERS,
  },
  {
    ids: ['quickjs-ng/quickjs@4369dd6'],
    what: 'detaching a buffer frees it a second time when it is collected',
    reaches: 'guest',
    stoppedBy: STAYING_BUFFERS,
  },
  {
    ids: ['bellard/quickjs#471', 'bellard/quickjs@4c722ce'],
    what: 'toReversed, toSorted, toSpliced and with of Array: the collector follows slots that are not written yet',
    reaches: 'guest',
    stoppedBy: mend('fast arrays are made with all their slots'),
  },
  {
    ids: ['quickjs-ng/quickjs#1429', 'quickjs-ng/quickjs@40e197f', 'quickjs-ng/quickjs@a653771'],
    what: 'the size of a fast array wraps at 32 bits: toReversed of something 2²⁹ long writes all over the heap',
    reaches: 'guest',
    stoppedBy: mend('fast arrays have a size that does not wrap', 'fast arrays are made with all their slots'),
  },
  {
    ids: ['CVE-2026-120438', 'GHSA-jp52-chwg-2p9p', 'quickjs-ng/quickjs@252209d'],
    what: 'the size of the keys that an ownKeys trap returns wraps at 32 bits: they are written over the heap',
    reaches: 'guest',
    stoppedBy: mend('the keys of a proxy have a size that does not wrap'),
  },
  {
    ids: ['CVE-2026-120439', 'GHSA-9wv5-5cgr-grj6', 'quickjs-ng/quickjs@e93cca6'],
    what: 'TypedArray.prototype.sort with a comparator: the size of its indices wraps at 2³⁰ items, with 1 GiB of memory or more',
    reaches: 'guest',
    stoppedBy: mend('the indices of a sort have a size that does not wrap'),
  },
  {
    ids: ['bellard/quickjs#488', 'bellard/quickjs@69090b9', 'quickjs-ng/quickjs@dcfa6c1'],
    what: '`yield` in the expression of a for-of closes an iterator that does not exist: the stack is read below its end',
    reaches: 'compiler',
    stoppedBy: mend('a loop has an iterator only once it is made'),
  },
  {
    ids: ['quickjs-ng/quickjs#1355', 'bellard/quickjs@e7b9f21', 'quickjs-ng/quickjs@5d48f1d'],
    what: 'an async generator that a getter named `then` ends meanwhile is resumed: an assertion here, a use after free without',
    reaches: 'guest',
    stoppedBy: mend('an async generator that ended is not resumed'),
  },
  {
    ids: ['OSV-2026-764', 'bellard/quickjs#533', 'quickjs-ng/quickjs#1469', 'quickjs-ng/quickjs@e1c1e41'],
    what: 'out of memory while the stack of an error is written: the error is freed and then written to',
    reaches: 'guest',
    stoppedBy: mend('an error is kept while its stack is written'),
  },
  {
    ids: ['quickjs-ng/quickjs@c2f37ec'],
    what: 'out of memory while a regular expression is compiled: jumps are written behind its buffer',
    reaches: 'guest',
    stoppedBy: mend('a regular expression that finds no memory ends the run'),
  },
  {
    ids: ['quickjs-ng/quickjs@776d724'],
    what: 'out of memory while the functions of a promise are made: the first is freed twice',
    reaches: 'guest',
    stoppedBy: END_OF_MEMORY,
  },
  {
    ids: ['bellard/quickjs#529', 'CVE-2025-69654', 'bellard/quickjs#468', 'bellard/quickjs@fcd33c1'],
    what: 'out of memory while an object is created: its shape is freed although it is still in the table of shapes',
    reaches: 'guest',
    stoppedBy: END_OF_MEMORY,
  },
  {
    ids: [
      'bellard/quickjs#528',
      'bellard/quickjs#530',
      'bellard/quickjs#531',
      'bellard/quickjs#532',
      'bellard/quickjs#406',
    ],
    what: 'out of memory in the compiler: scopes, labels and atoms that were not made are used',
    reaches: 'compiler',
    stoppedBy: { by: 'host', how: 'an allocation of the compiler that finds no memory ends the compilation' },
  },
  {
    ids: ['quickjs-ng/quickjs@e2c4521'],
    what: 'the size of an array of the engine’s own wraps',
    reaches: 'none',
    stoppedBy: { by: 'host', how: 'memory ends at memoryLimitBytes, at most 2 GiB: no array grows that far' },
  },
  {
    ids: ['bellard/quickjs#493', 'bellard/quickjs@f1b63fc', 'quickjs-ng/quickjs@98ee597'],
    what: 'Iterator.prototype.map never frees the items it was given',
    reaches: 'guest',
    stoppedBy: { by: 'host', how: 'memoryLimitBytes limits the leak, and the next execution starts without it' },
  },
  {
    ids: ['CVE-2026-1144', 'OSV-2026-703', 'bellard/quickjs#508', 'bellard/quickjs@46bd985', 'bellard/quickjs@efda450'],
    what: 'Atomics on a buffer that shrank meanwhile write to memory that was freed',
    reaches: 'none',
    stoppedBy: NO_ATOMICS,
  },
  {
    ids: ['CVE-2026-120440', 'quickjs-ng/quickjs@62951e1'],
    what: 'Atomics.store leaks its value when the buffer shrank meanwhile',
    reaches: 'none',
    stoppedBy: NO_ATOMICS,
  },
  {
    ids: ['bellard/quickjs#494', 'bellard/quickjs@5022f2b'],
    what: 'out of memory while FinalizationRegistry queues a callback: the collector runs inside itself',
    reaches: 'none',
    stoppedBy: NO_WEAK_REFERENCES,
  },
  {
    ids: [
      'quickjs-ng/quickjs#1318',
      'quickjs-ng/quickjs#1352',
      'quickjs-ng/quickjs@78494db',
      'quickjs-ng/quickjs@8f62384',
    ],
    what: 'FinalizationRegistry keeps values that the collector is freeing',
    reaches: 'none',
    stoppedBy: NO_WEAK_REFERENCES,
  },
  {
    ids: ['CVE-2026-88378', 'bellard/quickjs#549', 'bellard/quickjs@a31dcef', 'quickjs-ng/quickjs@eb2ba4f'],
    what: 'crafted bytecode: sizes of a function that wrap, and are written past',
    reaches: 'none',
    stoppedBy: SEALED,
  },
  {
    ids: ['bellard/quickjs#498', 'bellard/quickjs#499', 'quickjs-ng/quickjs#1518', 'quickjs-ng/quickjs@fa799e9'],
    what: 'crafted bytecode of functions and regular expressions: nothing of it is verified',
    reaches: 'none',
    stoppedBy: SEALED,
  },
  {
    ids: ['quickjs-ng/quickjs#1321', 'quickjs-ng/quickjs@5c47676', 'quickjs-ng/quickjs@29a2f97'],
    what: 'crafted values: a typed array that refers to itself before it is there',
    reaches: 'none',
    stoppedBy: { by: 'host', how: 'only output of our own encoder is read; a guest cannot call the reader' },
  },
  {
    ids: ['bellard/quickjs#502', 'bellard/quickjs#503', 'bellard/quickjs#504', 'bellard/quickjs#462'],
    what: 'overflows and use after free in the modules std and os, and in workers',
    reaches: 'none',
    stoppedBy: NO_SYSTEM,
  },
  {
    ids: ['quickjs-ng/quickjs@ef7a3a7', 'bellard/quickjs#467', 'bellard/quickjs#425'],
    what: 'modules: a cycle of exports crashes, a module is used after it was freed',
    reaches: 'none',
    stoppedBy: NO_MODULES,
  },
  {
    ids: ['OSV-2025-541'],
    what: 'js_create_function reads behind its bytecode in a direct eval',
    reaches: 'none',
    stoppedBy: NO_COMPILER,
  },
  {
    ids: ['quickjs-ng/quickjs@d0c2272', 'quickjs-ng/quickjs@05b2db9', 'quickjs-ng/quickjs#1570'],
    what: 'explicit resource management: stacks are used after they were freed, `using` is not marked for the collector',
    reaches: 'none',
    stoppedBy: { by: 'prelude', how: 'the stacks are guest code, and `using` is compiled as `try` and `finally`' },
  },
  {
    ids: ['quickjs-ng/quickjs@c846cb1'],
    what: 'out of memory while Error.prepareStackTrace is given its frames: one is freed twice',
    reaches: 'none',
    stoppedBy: { by: 'absence', how: 'the engine has no CallSite and calls no prepareStackTrace' },
  },
  ...SETTLED,
];
