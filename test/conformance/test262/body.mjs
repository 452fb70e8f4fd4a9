// A test of test262 as the body of a handler: the files that it includes, then the test, in one function. It passes by returning.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const HOST = `var $262 = { global: globalThis, gc: function () {}, detachArrayBuffer: (function (transfer, host) {
  return function (buffer) { if (host) host(buffer); else transfer.call(buffer); return null; };
})(ArrayBuffer.prototype.transfer, globalThis.__detach) };
var print = function () {};
`;
const DONE = `var __done = new Promise(function (resolve, reject) {
  globalThis.$DONE = function (error) { if (error) reject(error); else resolve(); };
});
`;
const TYPED_ARRAYS =
  'Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array Float32Array Float64Array Uint8ClampedArray BigUint64Array BigInt64Array'.split(
    ' ',
  );
/** The suite makes these of text. */
const SUBCLASSES =
  `return ({ ${TYPED_ARRAYS.map((type) => `${type}: () => class My${type} extends ${type} {}`).join(', ')}, ` +
  'Float16Array: () => class MyFloat16Array extends globalThis.Float16Array {} })[type]();';

export class Bodies {
  #suite;
  #harness = new Map();

  constructor(suite) {
    this.#suite = suite;
  }

  of({ test, mode }) {
    const strict = mode === 'strict' ? '"use strict";\n' : '';
    if (test.negative?.phase === 'parse') return strict + test.source;
    const isAsync = test.flags.includes('async');
    const files = ['assert.js', 'sta.js', ...test.includes.filter((name) => name !== 'doneprintHandle.js')];
    const harness = files.map((name) => this.#file(name)).join('\n');
    return `${strict}${HOST}${isAsync ? DONE : ''}${harness}\n${test.source}\n${isAsync ? ';return __done;' : ''}`;
  }

  #file(name) {
    let text = this.#harness.get(name);
    if (text === undefined) {
      text =
        name === 'fnGlobalObject.js'
          ? 'function fnGlobalObject() { return globalThis; }\n'
          : readFileSync(join(this.#suite, 'harness', name), 'utf8').replace(/\/\*---[\s\S]*?---\*\//, '');
      text = text.replace(/return new Function\([^)]*subclass.*?\)\(\);|return new Function\([^;]*;/is, SUBCLASSES);
      this.#harness.set(name, text);
    }
    return text;
  }
}

/** Why an outcome is not what the test wants; undefined when it is. */
export function whyWrong({ negative }, { kind, name = '', message = '' }) {
  const what = `${kind} ${name}: ${message}`.slice(0, 300);
  if (negative?.phase === 'parse') return kind === 'syntax' ? undefined : `must not parse, but ${what}`;
  if (negative !== undefined) {
    const isThrown = kind === 'throw' || kind === 'syntax';
    const isRight = isThrown && (negative.type === 'Test262Error' || `${name}: ${message}`.includes(negative.type));
    return isRight ? undefined : `must throw ${negative.type}, but ${what}`;
  }
  // A promise that a test leaves rejected does not affect its result.
  return kind === 'value' || kind === 'unhandled' ? undefined : what;
}
