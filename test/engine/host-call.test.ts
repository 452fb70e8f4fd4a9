import { createHash } from 'node:crypto';

import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../support/fixed-seed.js';

import { readFile } from 'node:fs/promises';
import { PRELUDE_URL } from '#src/assets.js';
import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { decodePreludeImage, type PreludeImage } from '#src/engine/image/prelude-image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import type { ValuePointer } from '#src/engine/pointers.js';
import type { Vm } from '#src/engine/vm.js';
import { CRYPTO_OPERATIONS, INTL_ERROR, INTL_OPERATIONS, MAX_INTL_TEXT } from '#src/guest/abi.js';

const KEY = '["NumberFormat","",["de"],{}]';
const FORMAT = INTL_OPERATIONS.indexOf('format');

let prelude: PreludeImage;
let vm: Vm;
let hostFunction: ValuePointer;
let cryptoFunction: ValuePointer;

beforeAll(async () => {
  const engine = await loadEngine();
  prelude = decodePreludeImage(await readFile(PRELUDE_URL), engine.fingerprint);
  vm = await createExecutionVm(
    engine,
    { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 256 * 1024 },
    prelude.image.heapEnd,
  );
  begin();
});
afterAll(() => expect(vm.poison).toBeUndefined());

function begin() {
  restoreImage(vm, prelude.image);
  vm.applyStackSize();
  vm.beginRun();
  hostFunction = vm.newHostFunction('intl');
  cryptoFunction = vm.newHostFunction('crypto');
}

/** Calls the function of the host as a guest that has got hold of it. At most four arguments fit. */
function ask(...args: readonly unknown[]): unknown {
  return askOne(hostFunction, args);
}

function askOne(asked: ValuePointer, args: readonly unknown[]): unknown {
  return decodeValue(vm.writeValue(vm.call(asked, prelude.roots.undefined, ...valuesOf(...args))));
}

function valuesOf(...args: readonly unknown[]): ValuePointer[] {
  const encoder = new ValueEncoder();
  return args.map((value) => vm.readValue(Uint8Array.from(encoder.encode(value, 'value'))));
}

describe('the function of the host', () => {
  it('answers what the guest asks', () => {
    expect(ask(FORMAT, KEY, 1234.5)).toBe('1.234,5');
    expect(ask(FORMAT, KEY, 7)).toBe('7');
    expect(ask(FORMAT, KEY, '12345678901234567890', 'n')).toBe('12.345.678.901.234.567.890');
    expect(ask(FORMAT, KEY, -0)).toBe('-0');
  });

  it('gives nothing for what is no primitive value, and runs nothing of it', () => {
    for (const value of [{}, [], [1], new Date(0), new Uint8Array(4), 10n]) {
      expect(ask(FORMAT, KEY, value)).toBeUndefined();
      expect(ask(FORMAT, value)).toBeUndefined();
      expect(ask(value, KEY)).toBeUndefined();
    }
    expect(ask()).toBeUndefined();
    expect(ask(FORMAT)).toBeUndefined();
  });

  it('refuses a text beyond its bounds, however it came to be', () => {
    const tooLong = [INTL_ERROR, 'RangeError', expect.stringContaining(`at most ${MAX_INTL_TEXT} characters`)];
    expect(ask(FORMAT, KEY, 'x'.repeat(2 * MAX_INTL_TEXT + 100))).toEqual(tooLong);
    begin();
    expect(ask(INTL_OPERATIONS.indexOf('toUpperCase'), KEY, 'ä'.repeat(MAX_INTL_TEXT))).toBe('Ä'.repeat(MAX_INTL_TEXT));
    begin();
  });

  it('leaves nothing in the VM that grows with the number of calls', () => {
    const values = valuesOf(FORMAT, KEY, 0.25);
    const askOften = (times: number) => {
      for (let i = 0; i < times; i++) vm.release(vm.call(hostFunction, prelude.roots.undefined, ...values));
      return vm.heapEnd;
    };
    const before = askOften(2_000);
    expect(askOften(6_000) - before).toBeLessThan(16 * 1024);
  });

  it('gives an answer that can be encoded for whatever it is asked', () => {
    const key = fc.oneof(
      fc.constant(KEY),
      fc.string(),
      fc
        .tuple(
          fc.constantFrom('NumberFormat', 'Collator', 'Locale', 'Segmenter', 'ListFormat', '__proto__', 'constructor'),
          fc.constantFrom('', 'any', 'date', 'x'),
          fc.oneof(fc.array(fc.string()), fc.json()),
          fc.oneof(fc.dictionary(fc.string(), fc.anything()), fc.json()),
        )
        .map((parts) => JSON.stringify(parts) ?? ''),
    );
    const value = fc.oneof(fc.string(), fc.double(), fc.integer(), fc.boolean(), fc.constantFrom(null, undefined));
    fc.assert(
      fc.property(fc.oneof(fc.nat(INTL_OPERATIONS.length), fc.double()), key, value, value, (...args) => {
        begin();
        ask(...args);
        expect(vm.poison).toBeUndefined();
      }),
      { numRuns: 300 },
    );
  });

  it('counts its calls as instructions, and ends a run whose time is over at its next step', () => {
    begin();
    vm.countSteps();
    ask(FORMAT, KEY, 1);
    const { steps } = vm;
    expect(steps).toBeGreaterThanOrEqual(100);
    const before = vm.steps;
    vm.shouldInterrupt = () => true;
    ask(FORMAT, KEY, 1);
    expect(vm.stepsToPoll).toBe(1);
    expect(vm.steps - before).toBeLessThan(200);
    begin();
  });
});

describe('the function of the host for cryptography', () => {
  const [digest, equal] = [CRYPTO_OPERATIONS.indexOf('digest'), CRYPTO_OPERATIONS.indexOf('equal')];
  const buffer = (...bytes: number[]) => Uint8Array.from(bytes).buffer;

  it('reads ArrayBuffers where they lie, and answers bytes or a boolean', () => {
    begin();
    const expected = createHash('sha256')
      .update(Uint8Array.of(1, 2, 3))
      .digest();
    expect(Buffer.from(askOne(cryptoFunction, [digest, 'SHA-256', buffer(1, 2, 3)]) as ArrayBuffer)).toEqual(expected);
    const large = new Uint8Array(300_000).fill(5);
    const answer = askOne(cryptoFunction, [digest, 'SHA-1', large.buffer]) as ArrayBuffer;
    expect(Buffer.from(answer)).toEqual(createHash('sha1').update(large).digest());
    expect(askOne(cryptoFunction, [equal, buffer(1), buffer(1)])).toBe(true);
    expect(askOne(cryptoFunction, [equal, buffer(1), buffer(2)])).toBe(false);
    begin();
  });

  it('gives nothing for any other object, and for what it is not asked, and the VM goes on', () => {
    for (const value of [{}, [], [1], new Date(0), new Uint8Array(4), 10n, 'text', 1, null, undefined]) {
      expect(askOne(cryptoFunction, [digest, 'SHA-256', value])).toBeUndefined();
      expect(askOne(cryptoFunction, [digest, value, buffer(1)])).toBeUndefined();
      expect(askOne(cryptoFunction, [value === 1 ? 99 : value, 'SHA-256', buffer(1)])).toBeUndefined();
      expect(askOne(cryptoFunction, [equal, buffer(0), value])).toBeUndefined();
    }
    expect(askOne(cryptoFunction, [digest, 'SHA-256', buffer(1)])).toBeInstanceOf(ArrayBuffer);
    begin();
  });

  it('counts the bytes that it is given as instructions', () => {
    begin();
    vm.countSteps();
    askOne(cryptoFunction, [digest, 'SHA-1', new ArrayBuffer(1_000)]);
    const { steps } = vm;
    askOne(cryptoFunction, [digest, 'SHA-1', new ArrayBuffer(129_000)]);
    expect(vm.steps - steps - steps).toBeGreaterThan(900);
    begin();
  });

  it('looks after each call whether the time is over', () => {
    begin();
    const much = valuesOf(digest, 'SHA-512', new ArrayBuffer(8_000_000));
    const end = performance.now() + 1;
    vm.shouldInterrupt = () => performance.now() > end;
    // It takes longer than that on any machine.
    vm.call(cryptoFunction, prelude.roots.undefined, ...much);
    expect(vm.stepsToPoll).toBe(1);
    begin();
  });

  it('takes no memory of the VM for what it is given: it may be given more, in all, than there is', () => {
    begin();
    const values = valuesOf(digest, 'SHA-1', new ArrayBuffer(8_000_000));
    const { heapEnd } = vm;
    for (let i = 0; i < 20; i++) {
      const answer = vm.call(cryptoFunction, prelude.roots.undefined, ...values);
      expect(vm.isSame(answer, prelude.roots.undefined)).toBe(false);
      vm.release(answer);
    }
    expect(vm.heapEnd - heapEnd).toBeLessThan(16 * 1024);
    begin();
  });

  it('frees its answers', () => {
    const values = valuesOf(digest, 'SHA-512', buffer(1, 2));
    const askOften = (times: number) => {
      for (let i = 0; i < times; i++) vm.release(vm.call(cryptoFunction, prelude.roots.undefined, ...values));
      return vm.heapEnd;
    };
    const before = askOften(2_000);
    expect(askOften(6_000) - before).toBeLessThan(16 * 1024);
  });
});
