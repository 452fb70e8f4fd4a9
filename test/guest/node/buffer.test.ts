import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import '../../support/fixed-seed.js';

import { createRuntime, type NexusRuntime } from '#src/index.js';

/** One use of Buffer, as data: a static method or a method of `Buffer.from(bytes)`, with arguments. */
interface Use {
  readonly bytes?: Uint8Array;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** Makes the uses with the Buffer at hand: its source text runs in the VM. */
function useAll(uses: readonly Use[]): unknown[] {
  const seen = (value: unknown): unknown => {
    if (Buffer.isBuffer(value)) return `<${[...(value as Uint8Array)].join()}>`;
    return typeof value === 'bigint' ? `${value}n` : value;
  };
  return uses.map(({ bytes, name, args }) => {
    try {
      const given = args.map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg) : arg));
      if (bytes === undefined) {
        const list = name === 'concat' ? [given] : given;
        return seen(Reflect.apply((Buffer as never)[name], Buffer, list));
      }
      const buffer = Buffer.from(bytes) as unknown as Record<string, (...args: unknown[]) => unknown>;
      const result = buffer[name]?.(...given);
      return [seen(result), seen(buffer)];
    } catch (error) {
      return (error as Error).name;
    }
  });
}

let runtime: NexusRuntime;
beforeAll(async () => {
  const env = { API: 'https://example.com', __proto__0: 'x' };
  runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    node: { env },
    libraries: { own: { source: 'exports.size = Buffer.byteLength("ä"); exports.Buffer = Buffer' } },
  });
});
afterAll(() => runtime.shutdown());

async function inVm(source: string, args: unknown = undefined): Promise<unknown> {
  const result = await runtime.executeHandler(source, { args }, { timeoutMs: 20_000 });
  if (result.status !== 'success') throw new Error(`${result.error?.code}: ${result.error?.message}`);
  return result.returnValue;
}

async function expectAsInNode(arbitrary: fc.Arbitrary<Use>, numRuns: number): Promise<void> {
  const uses = fc.sample(arbitrary, { numRuns });
  const ours = (await inVm(`return (${useAll.toString()})($args)`, uses)) as unknown[];
  const theirs = useAll(uses);
  for (const [i, use] of uses.entries()) expect([use, ours[i]]).toEqual([use, theirs[i]]);
}

const ENCODINGS = ['utf8', 'UTF-8', 'hex', 'base64', 'base64url', 'latin1', 'binary', 'ascii', 'utf16le', 'ucs2'];
const encoding = fc.constantFrom(...ENCODINGS, undefined);
const bytes = fc.uint8Array({ maxLength: 40 });
const text = fc.oneof(fc.string({ maxLength: 30 }), fc.string({ unit: 'binary', maxLength: 30 }));
/** A text that this encoding can have been made of. */
const encoded = fc.tuple(bytes, encoding, text).map(([of, as, other]): [string, string | undefined] => {
  const isOfBytes = ['hex', 'base64', 'base64url'].includes(as ?? '');
  return [isOfBytes ? Buffer.from(of).toString(as as BufferEncoding) : other, as];
});
const place = fc.constantFrom(undefined, 0, 1, 3, 5);
const of = (given: fc.Arbitrary<Uint8Array>, name: fc.Arbitrary<string>, args: fc.Arbitrary<unknown[]>) =>
  fc.record({ bytes: given, name, args });
const fixed = (name: string, args: fc.Arbitrary<unknown[]>) => fc.record({ name: fc.constant(name), args });

describe('Buffer of the option `node`', () => {
  it('has its name, also in what console writes', async () => {
    const { returnValue, logs } = await runtime.executeHandler(
      "console.log(Buffer.from('hi')); return [Buffer.name, require('buffer').SlowBuffer.name]",
    );
    expect([returnValue, logs[0]?.message]).toEqual([['Buffer', 'SlowBuffer'], 'Buffer(2) [Uint8Array] [ 104, 105 ]']);
  });

  it('makes buffers as Node does', async () => {
    await expectAsInNode(fixed('from', encoded), 200);
    await expectAsInNode(fixed('from', fc.tuple(fc.oneof(fc.array(fc.integer({ min: -300, max: 300 })), bytes))), 60);
    await expectAsInNode(fixed('alloc', fc.tuple(fc.nat(20), fc.constantFrom(undefined, 0, 7, 'ab', 'ä'))), 40);
    await expectAsInNode(fixed('concat', fc.array(bytes, { maxLength: 4 })), 40);
    await expectAsInNode(fixed('byteLength', encoded), 120);
    await expectAsInNode(fixed('compare', fc.tuple(bytes, bytes)), 40);
    await expectAsInNode(fixed('isEncoding', fc.tuple(fc.constantFrom(...ENCODINGS, 'utf-7', '', 5, null))), 30);
  });

  it('writes texts as Node does, also of bytes that are no UTF-8', async () => {
    await expectAsInNode(of(bytes, fc.constant('toString'), fc.tuple(encoding, place, place)), 300);
    await expectAsInNode(
      of(
        text.map((of) => Buffer.from(of)),
        fc.constant('toString'),
        fc.tuple(encoding),
      ),
      150,
    );
  });

  it('searches, compares, cuts and copies as Node does', async () => {
    const small = fc.uint8Array({ max: 3, maxLength: 12 });
    const needle = fc.oneof(
      fc.nat(3),
      fc.uint8Array({ max: 3, maxLength: 2 }),
      fc.constantFrom('\0', '\u0001\u0002', ''),
    );
    const search = fc.constantFrom('indexOf', 'lastIndexOf', 'includes');
    await expectAsInNode(of(small, search, fc.tuple(needle, fc.constantFrom(undefined, 0, 2, -1, 20, -20))), 150);
    await expectAsInNode(of(small, fc.constantFrom('equals', 'compare'), fc.tuple(small)), 60);
    const ends = fc.tuple(fc.integer({ min: -15, max: 15 }), fc.integer({ min: -15, max: 15 }));
    await expectAsInNode(of(small, fc.constantFrom('slice', 'subarray'), ends), 80);
    await expectAsInNode(of(small, fc.constant('copy'), fc.tuple(bytes, fc.nat(3))), 60);
    await expectAsInNode(of(bytes, fc.constantFrom('swap16', 'swap32', 'swap64', 'toJSON'), fc.constant([])), 60);
  });

  it('writes into buffers as Node does', async () => {
    const into = fc.constantFrom(0, 1, 4, 9, 20).map((length) => new Uint8Array(length));
    const writing = encoded.map(([of, as]) => (as === undefined ? [of] : [of, as]));
    await expectAsInNode(of(into, fc.constant('write'), writing), 150);
    const placed = fc.tuple(text, fc.nat(4), fc.nat(6)).map((args): unknown[] => args);
    await expectAsInNode(of(into, fc.constant('write'), placed), 120);
    const filling = fc.oneof(fc.tuple(fc.nat(255)), fc.tuple(text.filter((of) => of !== '')), fc.tuple(bytes));
    await expectAsInNode(of(into, fc.constant('fill'), filling as fc.Arbitrary<unknown[]>), 100);
  });

  it('reads and writes numbers as Node does', async () => {
    const long = fc.uint8Array({ minLength: 6, maxLength: 12 });
    const kinds = ['Int8', 'UInt8', 'Int16LE', 'UInt16BE', 'Int32BE', 'UInt32LE', 'FloatLE', 'DoubleBE', 'BigInt64LE'];
    const reading = fc.constantFrom(...kinds, 'BigUInt64BE', 'Uint16LE').map((kind) => `read${kind}`);
    await expectAsInNode(of(long, reading, fc.tuple(fc.nat(8))), 250);
    const number = fc.oneof(fc.integer(), fc.double(), fc.nat(70_000));
    const writing = fc.constantFrom(...kinds.filter((kind) => !kind.startsWith('Big'))).map((kind) => `write${kind}`);
    await expectAsInNode(of(long, writing, fc.tuple(number, fc.nat(8))), 250);
    const variable = fc.constantFrom('readUIntBE', 'readUIntLE', 'readIntBE', 'readIntLE');
    await expectAsInNode(of(long, variable, fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 6 }))), 80);
  });

  it('is one class for handlers and libraries, and leaves the VM as bytes', async () => {
    expect(await inVm('return [$lib.own.size, $lib.own.Buffer === Buffer]')).toEqual([2, true]);
    const returned = await inVm('return { b: Buffer.from("aé") }');
    expect(returned).toEqual({ b: Uint8Array.of(97, 0xc3, 0xa9) });
    expect(await inVm('return [Buffer.isBuffer($args), Buffer.from($args).toString()]', Buffer.from('x'))).toEqual([
      false,
      'x',
    ]);
  });
});

describe('process and require of the option `node`', () => {
  it('gives the environment that the option names, frozen, and nothing else', async () => {
    const source = `
      'use strict';
      const seen = [process.env.API, process.env.PATH, process.env.toString, Object.keys(process), Object.keys(process.env)];
      try { process.env.API = 'other' } catch (error) { seen.push(error.name) }
      try { process.exit = () => {} } catch (error) { seen.push(error.name) }
      return seen`;
    expect(await inVm(source)).toEqual([
      'https://example.com',
      undefined,
      undefined,
      ['env'],
      ['API', '__proto__0'],
      'TypeError',
      'TypeError',
    ]);
  });

  it('requires what there is, and names it for what there is not', async () => {
    const source = `
      const seen = ['buffer', 'node:buffer'].map((name) => require(name).Buffer === Buffer);
      seen.push(require('node:process') === process, require('own') === $lib.own);
      for (const name of ['fs', 'node:own', './own', '__proto__', 5]) {
        try { require(name) } catch ({ name, code, message }) { seen.push([name, code, message]) }
      }
      return seen`;
    const missing = (name: string) => [
      'Error',
      'MODULE_NOT_FOUND',
      `Cannot find module '${name}': a handler can require buffer, process, own; the option libraries of the runtime adds others`,
    ];
    expect(await inVm(source)).toEqual([
      ...[true, true, true, true],
      ...['fs', 'node:own', './own', '__proto__'].map(missing),
      ['TypeError', undefined, 'require() is given the name of a module, a string'],
    ]);
  });

  it('is off by default, and says so', async () => {
    await using plain = await createRuntime({ cacheDir: false, maxInstances: 1 });
    for (const name of ['Buffer', 'process', 'require']) {
      const { error } = await plain.executeHandler(`return ${name}('x')`, {});
      expect(error?.message).toMatch(/is not defined.*option node/);
    }
  });

  it.each([
    [{ node: 'yes' }, /node is .*object/],
    [{ node: { environment: {} } }, /node\.environment/],
    [{ node: { env: { A: 1 } } }, /node\.env\.A is .*a string/],
    [
      { node: { env: Object.fromEntries(Array.from({ length: 70 }, (_, i) => [`N${i}`, 'x'.repeat(1000)])) } },
      /node\.env has 70200 characters; it may have 65536/,
    ],
    [{ node: true, libraries: { node: { source: 'exports.a = 1' } } }, /libraries\.node/],
  ])('refuses other options: %#', async (options, message) => {
    await expect(createRuntime({ cacheDir: false, ...options } as never)).rejects.toThrow(message);
  });
});
