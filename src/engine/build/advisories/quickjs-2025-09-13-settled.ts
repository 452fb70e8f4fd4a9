import type { Advisory, Stop } from './advisory.js';

const fixed = (how: string): Stop => ({ by: 'fix', how });

/** Faults of QuickJS since 2024 that the binary's source has fixed or never had. */
export const SETTLED: readonly Advisory[] = [
  {
    ids: ['CVE-2025-62492', 'bellard/quickjs@c927eca'],
    what: 'TypedArray.prototype.lastIndexOf and indexOf read before the array for a tiny negative index',
    reaches: 'none',
    stoppedBy: fixed('c927eca'),
  },
  {
    ids: ['CVE-2025-62493', 'bellard/quickjs#412', 'bellard/quickjs@9ce5442', 'bellard/quickjs@638ec8c'],
    what: 'BigInt.prototype.toString reads behind the number for some radixes',
    reaches: 'none',
    stoppedBy: fixed('9ce5442'),
  },
  {
    ids: ['CVE-2025-62494', 'bellard/quickjs@1168c21'],
    what: '`+=` on a local that the toString of the other side changes: another type is taken for a string',
    reaches: 'none',
    stoppedBy: fixed('1168c21'),
  },
  {
    ids: ['CVE-2025-62495', 'bellard/quickjs@d9ec8f1', 'bellard/quickjs@371c06e'],
    what: 'the size of a regular expression’s bytecode wraps',
    reaches: 'none',
    stoppedBy: fixed('d9ec8f1'),
  },
  {
    ids: ['CVE-2025-62496', 'bellard/quickjs@e1c18be'],
    what: 'the size of a BigInt that is parsed wraps',
    reaches: 'none',
    stoppedBy: fixed('e1c18be'),
  },
  {
    ids: ['CVE-2025-62490', 'bellard/quickjs@4e0d0b7'],
    what: 'printing an array or a map that a getter changes meanwhile',
    reaches: 'none',
    stoppedBy: { by: 'absence', how: 'no print; `console` is part of the prelude, in the VM' },
  },
  {
    ids: ['CVE-2025-62491'],
    what: 'the list of rejected promises changes while their reasons are printed',
    reaches: 'none',
    stoppedBy: { by: 'absence', how: 'rejections are kept by a tracker of our own, which calls nothing' },
  },
  {
    ids: ['CVE-2025-46687', 'CVE-2025-46688', 'bellard/quickjs#399', 'bellard/quickjs@1eb05e4'],
    what: 'reading values: the length of a string or a BigInt is not checked',
    reaches: 'none',
    stoppedBy: fixed('1eb05e4'),
  },
  {
    ids: ['bellard/quickjs#450', 'quickjs-ng/quickjs#1209', 'bellard/quickjs@75b5230'],
    what: 'ArrayBuffer.prototype.transfer leaves typed arrays on memory that was freed',
    reaches: 'none',
    stoppedBy: fixed('75b5230, and the engine’s own transfer is not in the VM'),
  },
  {
    ids: ['CVE-2025-12745', 'bellard/quickjs#451', 'quickjs-ng/quickjs#1210', 'bellard/quickjs@c6fe5a9'],
    what: 'ArrayBuffer.prototype.slice reads behind a buffer that the species constructor shrank',
    reaches: 'none',
    stoppedBy: fixed('c6fe5a9, and nothing shrinks a buffer'),
  },
  {
    ids: ['bellard/quickjs@7cfddd0', 'quickjs-ng/quickjs@57fe819'],
    what: 'a DataView keeps the length that its buffer had before',
    reaches: 'none',
    stoppedBy: fixed('7cfddd0, and nothing changes the length of a buffer'),
  },
  {
    ids: ['bellard/quickjs@3bffe67', 'quickjs-ng/quickjs#379'],
    what: 'TypedArray.prototype.slice copies between parts of one buffer that overlap',
    reaches: 'none',
    stoppedBy: fixed('3bffe67'),
  },
  {
    ids: [
      'quickjs-ng/quickjs#1368',
      'quickjs-ng/quickjs#1440',
      'quickjs-ng/quickjs@daab4ad',
      'quickjs-ng/quickjs@25b5e70',
    ],
    what: 'Iterator.concat is entered again while it begins an iterator, and frees it twice',
    reaches: 'none',
    stoppedBy: fixed('4bd485d: it says that it is running first'),
  },
  {
    ids: ['CVE-2026-37630', 'quickjs-ng/quickjs#1400', 'quickjs-ng/quickjs@3973106'],
    what: 'the collector takes variables behind `arguments` for objects of its own',
    reaches: 'none',
    stoppedBy: fixed('never had it: all such variables are its objects'),
  },
  {
    ids: ['quickjs-ng/quickjs#1562', 'quickjs-ng/quickjs@d98ff10'],
    what: 'push on an array whose length was raised leaves slots that were never written',
    reaches: 'none',
    stoppedBy: fixed('never had it: push compares length and count'),
  },
  {
    ids: ['GHSA-r6vf-p8wr-4vg9', 'quickjs-ng/quickjs#1430', 'quickjs-ng/quickjs#1467', 'quickjs-ng/quickjs@1b0b660'],
    what: 'push on an array whose last items were deleted brings back values that were freed',
    reaches: 'none',
    stoppedBy: fixed('never had it: push compares length and count'),
  },
  {
    ids: ['CVE-2023-48184', 'quickjs-ng/quickjs#1569', 'quickjs-ng/quickjs@7955cfd', 'bellard/quickjs#156'],
    what: 'an async function or generator to which only a closure over its variables refers is collected',
    reaches: 'none',
    stoppedBy: fixed('7414e5f: such a variable keeps its function'),
  },
  {
    ids: ['quickjs-ng/quickjs@ee13c7f', 'bellard/quickjs@4d16546'],
    what: 'RegExp.escape treats a rope string as a flat one',
    reaches: 'none',
    stoppedBy: fixed('never had it: it flattens the string first'),
  },
  {
    ids: ['bellard/quickjs@a774007', 'quickjs-ng/quickjs#1354', 'quickjs-ng/quickjs@48ececf'],
    what: 'the compiler of regular expressions reads behind the pattern, its bytecode is written past',
    reaches: 'none',
    stoppedBy: fixed('a774007; a pattern ends with a zero and is compared byte by byte'),
  },
  {
    ids: ['OSV-2025-515'],
    what: 'the stack of an error is made of values that were never written',
    reaches: 'none',
    stoppedBy: fixed('2d99c32'),
  },
  {
    ids: ['bellard/quickjs@dfd9c93', 'quickjs-ng/quickjs@40c7971'],
    what: 'JSON.stringify does not check for stack overflow',
    reaches: 'none',
    stoppedBy: fixed('dfd9c93'),
  },
  {
    ids: ['bellard/quickjs#111', 'bellard/quickjs@c1bf4e9'],
    what: 'the number of an object’s properties wraps while they are listed',
    reaches: 'none',
    stoppedBy: fixed('c1bf4e9'),
  },
  {
    ids: ['bellard/quickjs#454', 'bellard/quickjs#455', 'bellard/quickjs@d10613f', 'bellard/quickjs@b07ad11'],
    what: 'assigning to a global that throws, or is made when it is first read, frees a value twice',
    reaches: 'none',
    stoppedBy: fixed('d10613f, b07ad11'),
  },
  {
    ids: ['bellard/quickjs#398', 'bellard/quickjs@c805d4f', 'bellard/quickjs@b342502', 'quickjs-ng/quickjs@6071c55'],
    what: 'keys of a WeakMap are freed while they are being freed',
    reaches: 'none',
    stoppedBy: fixed('c805d4f, b342502'),
  },
  {
    ids: ['CVE-2024-33263', 'bellard/quickjs#277', 'bellard/quickjs#273', 'bellard/quickjs@b3715f7'],
    unverified: ['CVE-2024-33263'],
    what: 'proxies whose handlers are proxies, and generators that return their arguments, leak references',
    reaches: 'none',
    stoppedBy: fixed('b3715f7; no runtime is ever freed'),
  },
];
