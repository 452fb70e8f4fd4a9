import { createCipheriv, type webcrypto } from 'node:crypto';

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import '../../support/fixed-seed.js';

import { featureSet, namedFeatures } from '#src/engine/image/features.js';
import { wrapHandler } from '#src/source/wrapper.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../../support/executor.js';

const HASHES = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'];

/** One question to `crypto.subtle`, as plain data: the same in the VM and in Node. */
type Question = Readonly<Record<string, unknown>> & { readonly do: string };

/** Answers questions with the globals at hand: its source text runs in the VM. */
async function answerAll(questions: readonly Question[]): Promise<unknown[]> {
  const { subtle } = crypto;
  const seen = (value: unknown): unknown => {
    if (value instanceof ArrayBuffer) return [...new Uint8Array(value)].join();
    const key = value as webcrypto.CryptoKey;
    if (Object.prototype.toString.call(value) === '[object CryptoKey]') {
      return {
        type: key.type,
        extractable: key.extractable,
        algorithm: key.algorithm,
        usages: [...new Set(key.usages)].sort(),
      };
    }
    const jwk = value as { key_ops?: string[] };
    return jwk?.key_ops === undefined ? value : { ...jwk, key_ops: [...new Set(jwk.key_ops)].sort() };
  };
  // biome-ignore lint/suspicious/noExplicitAny: questions are of many forms, and many are wrong
  const ask = async (q: any): Promise<unknown> => {
    const key = async (usages: string[], extractable = true) =>
      subtle.importKey('raw', q.key, q.keyAlgorithm, extractable, q.usages ?? usages);
    if (q.args !== undefined) return Reflect.apply(subtle[q.do as 'digest'] as never, subtle, q.args);
    switch (q.do) {
      case 'digest':
        return subtle.digest(q.hash, q.data);
      case 'sign':
        return subtle.sign(q.algorithm, await key(['sign']), q.data);
      case 'verify':
        return subtle.verify(q.algorithm, await key(['verify']), q.signature, q.data);
      case 'encrypt':
        return subtle.encrypt(q.algorithm, await key(['encrypt']), q.data);
      case 'decrypt':
        return subtle.decrypt(q.algorithm, await key(['decrypt']), q.data);
      case 'deriveBits':
        return subtle.deriveBits(q.algorithm, await key(['deriveBits'], false), q.length);
      case 'deriveKey': {
        const base = await key(['deriveKey'], false);
        const derived = await subtle.deriveKey(q.algorithm, base, q.derived, true, q.derivedUsages);
        return [seen(derived), seen(await subtle.exportKey('raw', derived))];
      }
      case 'import': {
        const imported = await subtle.importKey(q.format, q.data, q.algorithm, q.extractable, q.usages);
        const exported = q.out === undefined ? 'none' : await subtle.exportKey(q.out, imported);
        return [seen(imported), seen(exported)];
      }
      case 'generate': {
        const generated = await subtle.generateKey(q.algorithm, q.extractable, q.usages);
        return [seen(generated), (await subtle.exportKey('raw', generated as never)).byteLength];
      }
      default:
        throw new Error(`no question: ${q.do}`);
    }
  };
  const answers: unknown[] = [];
  for (const question of questions) {
    try {
      answers.push({ value: seen(await ask(question)) });
    } catch (error) {
      const { name } = error as Error;
      // As Node 20 misspells it.
      answers.push({ error: name === 'InvalidAccessException' ? 'InvalidAccessError' : name });
    }
  }
  return answers;
}

let executor: Executor | undefined;

async function inVm(source: string, args: unknown = undefined, options = {}): Promise<unknown> {
  executor ??= await createExecutor();
  const outcome = await runInThread(executor, source, { args }, { timeoutMs: 20_000, ...options });
  if (outcome.status !== 'success') throw new Error(`${outcome.error?.code}: ${outcome.error?.message}`);
  return outcome.returnValue;
}

async function expectAsInNode(questions: readonly Question[]): Promise<void> {
  const ours = (await inVm(`return (${answerAll.toString()})($args)`, questions)) as unknown[];
  const theirs = await answerAll(questions);
  for (const [i, question] of questions.entries()) expect([question, ours[i]]).toEqual([question, theirs[i]]);
}

const bytes = (maxLength: number) =>
  fc.oneof(
    fc.uint8Array({ maxLength }),
    fc.uint8Array({ maxLength }).map((array) => array.slice().buffer),
    fc.tuple(fc.uint8Array({ minLength: 8, maxLength: maxLength + 8 })).map(([array]) => array.slice().subarray(3, -2)),
  );
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] => fc.sample(arbitrary, { numRuns });
const hash = fc.constantFrom(...HASHES, 'sha-256', 'Sha-1');
const hashIdentifier = fc.oneof(
  hash,
  hash.map((name) => ({ name })),
);
const aesKey = fc.constantFrom(16, 24, 32).chain((length) => fc.uint8Array({ minLength: length, maxLength: length }));
const TAGS = [32, 64, 96, 104, 112, 120, 128, undefined];
const gcm = fc.record({
  name: fc.constantFrom('AES-GCM', 'aes-gcm'),
  iv: fc.oneof(fc.uint8Array({ minLength: 12, maxLength: 12 }), fc.uint8Array({ minLength: 12, maxLength: 80 })),
  additionalData: fc.option(bytes(40), { nil: undefined }),
  tagLength: fc.constantFrom(...TAGS),
});

describe('crypto.subtle', () => {
  it('digests as Node does', async () => {
    const questions = sample(fc.record({ do: fc.constant('digest'), hash: hashIdentifier, data: bytes(300) }), 120);
    await expectAsInNode(questions);
  });

  it('signs and verifies as Node does', async () => {
    const signing = fc.record({
      do: fc.constant('sign'),
      algorithm: fc.constantFrom('HMAC', 'hmac', { name: 'HMAC' }),
      key: bytes(200),
      keyAlgorithm: hashIdentifier.map((of) => ({ name: 'HMAC', hash: of })),
      data: bytes(300),
    });
    const asked = sample(signing, 120);
    await expectAsInNode(asked);
    const signed = (await answerAll(asked)) as { value?: string }[];
    const verifying = asked.flatMap((question, i) => {
      const { value } = signed[i] as { value?: string };
      const signature = Uint8Array.from((value ?? '1').split(',').map(Number));
      const wrong = signature.map((byte, at) => (at === i % signature.length ? byte ^ 1 : byte));
      return [signature, wrong, signature.subarray(1)].map((given) => ({
        ...question,
        do: 'verify',
        signature: given,
      }));
    });
    await expectAsInNode(verifying);
  });

  it('encrypts and decrypts as Node does, with every tag and any iv', async () => {
    const encrypting = fc.record({
      do: fc.constant('encrypt'),
      algorithm: gcm,
      key: aesKey,
      keyAlgorithm: fc.constantFrom('AES-GCM', { name: 'AES-GCM' }),
      data: bytes(200),
    });
    const asked = sample(encrypting, 150);
    await expectAsInNode(asked);
    const encrypted = (await answerAll(asked)) as { value?: string }[];
    const decrypting = asked.flatMap((question, i) => {
      const data = Uint8Array.from((encrypted[i] as { value: string }).value.split(',').map(Number));
      const wrong = data.map((byte, at) => (at === i % data.length ? byte ^ 4 : byte));
      return [data, wrong, data.subarray(0, 3)].map((given) => ({ ...question, do: 'decrypt', data: given }));
    });
    await expectAsInNode(decrypting);
  });

  it('derives bits and keys as Node does', async () => {
    const algorithm = fc.record({ name: fc.constantFrom('HKDF', 'hkdf'), hash, salt: bytes(40), info: bytes(40) });
    const base = { algorithm, key: bytes(40), keyAlgorithm: fc.constant('HKDF') };
    const length = fc.constantFrom(0, 8, 128, 256, 512, 7, null, 8 * 255 * 20, 8 * 255 * 64 + 8);
    await expectAsInNode(sample(fc.record({ do: fc.constant('deriveBits'), ...base, length }), 80));
    const derived = fc.constantFrom(
      { name: 'AES-GCM', length: 256 },
      { name: 'AES-GCM', length: 100 },
      { name: 'HMAC', hash: 'SHA-384' },
      { name: 'HMAC', hash: 'SHA-1', length: 64 },
    );
    const derivedUsages = fc.constantFrom(['encrypt'], ['sign'], ['sign', 'verify'], ['deriveKey']);
    await expectAsInNode(sample(fc.record({ do: fc.constant('deriveKey'), ...base, derived, derivedUsages }), 60));
  });

  it('imports, exports and generates keys as Node does, with its errors', async () => {
    const algorithm = fc.oneof(
      fc.constantFrom('AES-GCM', 'HMAC', 'HKDF', { name: 'HMAC' }),
      fc.record({ name: fc.constant('HMAC'), hash }),
      fc.record({ name: fc.constant('HMAC'), hash, length: fc.constantFrom(0, 8, 128, 256) }),
    );
    const usages = fc.subarray(['sign', 'verify', 'encrypt', 'decrypt', 'deriveBits', 'wrapKey']);
    const right = fc.constantFrom(['sign', 'verify'], ['verify', 'sign', 'sign'], ['encrypt'], ['decrypt', 'encrypt']);
    const raw = fc.record({
      do: fc.constant('import'),
      format: fc.constant('raw'),
      data: fc.constantFrom(0, 1, 16, 24, 32, 33, 64).map((length) => new Uint8Array(length).fill(7)),
      algorithm,
      extractable: fc.boolean(),
      usages: fc.oneof(usages, right, right),
      out: fc.constantFrom('raw', 'jwk', undefined),
    });
    await expectAsInNode(sample(raw, 250));
    const k = fc.constantFrom(1, 16, 24, 32).map((length) => Buffer.alloc(length, 9).toString('base64url'));
    const jwk = fc.record(
      {
        kty: fc.constantFrom('oct', 'oct', 'oct', 'RSA'),
        k,
        alg: fc.constantFrom('HS256', 'HS512', 'A128GCM', 'A256GCM'),
        use: fc.constantFrom('sig', 'enc'),
        key_ops: fc.constantFrom(['sign', 'verify'], ['encrypt', 'decrypt'], ['sign']),
        ext: fc.boolean(),
      },
      { requiredKeys: ['kty', 'k'] },
    );
    const hashed = { name: 'HMAC', hash: 'SHA-256' };
    const asked = fc.record({
      do: fc.constant('import'),
      format: fc.constant('jwk'),
      data: jwk,
      algorithm: fc.constantFrom(hashed, hashed, 'AES-GCM', 'AES-GCM', { name: 'HMAC', hash: 'SHA-512' }),
      extractable: fc.boolean(),
      usages: right,
      out: fc.constantFrom('raw', 'jwk', undefined),
    });
    await expectAsInNode(sample(asked, 300));
    const generating = fc.record({
      do: fc.constant('generate'),
      algorithm: fc.oneof(
        fc.record({ name: fc.constant('HMAC'), hash }),
        fc.record({ name: fc.constant('HMAC'), hash, length: fc.constantFrom(0, 8, 256, 4096) }),
        fc.record({ name: fc.constant('AES-GCM'), length: fc.constantFrom(128, 192, 256, 100, 0) }),
        fc.constantFrom({ name: 'HMAC' }, { name: 'AES-GCM' }, 'AES-GCM'),
      ),
      extractable: fc.boolean(),
      usages: fc.oneof(usages, right),
    });
    await expectAsInNode(sample(generating, 150));
  });

  it('refuses what Node refuses', async () => {
    const gcmKey = { key: new Uint8Array(16), keyAlgorithm: 'AES-GCM' };
    const hmacKey = { key: new Uint8Array(16), keyAlgorithm: { name: 'HMAC', hash: 'SHA-256' } };
    const data = new Uint8Array(20);
    const iv = new Uint8Array(12);
    await expectAsInNode([
      { do: 'digest', hash: 'MD5', data },
      { do: 'digest', hash: {}, data },
      { do: 'digest', hash: 5, data },
      { do: 'digest', hash: 'SHA-256', data: [1, 2] },
      { do: 'digest', hash: 'SHA-256', data: 'text' },
      { do: 'digest', args: [] },
      { do: 'sign', algorithm: 'HMAC', ...gcmKey, usages: ['encrypt'], data },
      { do: 'sign', algorithm: 'HMAC', ...hmacKey, usages: ['verify'], data },
      { do: 'verify', algorithm: 'HMAC', ...hmacKey, usages: ['sign'], data, signature: data },
      { do: 'sign', algorithm: 'AES-GCM', ...gcmKey, usages: ['encrypt'], data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM' }, ...gcmKey, data },
      { do: 'encrypt', algorithm: 'AES-GCM', ...gcmKey, data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM', iv: new Uint8Array(0) }, ...gcmKey, data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM', iv, tagLength: 100 }, ...gcmKey, data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM', iv, tagLength: 0 }, ...gcmKey, data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM', iv, tagLength: -1 }, ...gcmKey, data },
      { do: 'encrypt', algorithm: { name: 'AES-GCM', iv }, ...gcmKey, usages: ['decrypt'], data },
      { do: 'decrypt', algorithm: { name: 'AES-GCM', iv }, ...gcmKey, usages: ['encrypt'], data },
      { do: 'encrypt', algorithm: { name: 'HMAC', iv }, ...hmacKey, usages: ['sign'], data },
      { do: 'import', format: 'pem', data, algorithm: 'AES-GCM', extractable: true, usages: ['encrypt'] },
      { do: 'import', format: 'raw', data: 'x', algorithm: 'AES-GCM', extractable: true, usages: ['encrypt'] },
      { do: 'import', format: 'raw', data: iv, algorithm: 'AES-XYZ', extractable: true, usages: ['encrypt'] },
      { do: 'import', format: 'raw', data, algorithm: 'AES-GCM', extractable: true, usages: ['fly'] },
      {
        do: 'import',
        format: 'jwk',
        data: { kty: 'oct' },
        algorithm: 'AES-GCM',
        extractable: true,
        usages: ['encrypt'],
      },
      { do: 'importKey', args: ['raw'] },
      { do: 'exportKey', args: ['raw', {}] },
      { do: 'sign', args: ['HMAC', null, data] },
      { do: 'generateKey', args: ['nothing', true, []] },
    ]);
  });

  it('takes an iv of less than 12 bytes, as the standard does and Node does not', async () => {
    const source = `const key = await crypto.subtle.importKey('raw', $args.key, 'AES-GCM', false, ['encrypt', 'decrypt']);
      const algorithm = { name: 'AES-GCM', iv: $args.iv };
      const text = await crypto.subtle.encrypt(algorithm, key, $args.data);
      return [text, await crypto.subtle.decrypt(algorithm, key, text)].map((bytes) => new Uint8Array(bytes))`;
    const given = { key: new Uint8Array(16).fill(3), iv: Uint8Array.of(1, 2, 3, 4, 5), data: Uint8Array.of(9, 8, 7) };
    const cipher = createCipheriv('aes-128-gcm', given.key, given.iv, { authTagLength: 16 });
    const expected = Buffer.concat([cipher.update(given.data), cipher.final(), cipher.getAuthTag()]);
    expect(await inVm(source, given)).toEqual([new Uint8Array(expected), given.data]);
  });

  it('compares in constant time under both names, and refuses other lengths', async () => {
    const source = `
      const a = Uint8Array.of(0, 1, 2, 3).subarray(1);
      const both = [crypto, crypto.subtle];
      const seen = both.map((one) => [one.timingSafeEqual(a, Uint8Array.of(1, 2, 3).buffer), one.timingSafeEqual(a, Uint8Array.of(1, 2, 4))]);
      for (const [x, y] of [[a, new Uint8Array(2)], ['abc', 'abc']]) try { crypto.timingSafeEqual(x, y) } catch (error) { seen.push(error.name) }
      return seen`;
    expect(await inVm(source)).toEqual([[true, false], [true, false], 'RangeError', 'TypeError']);
  });

  it('settles promises by jobs, and rejects instead of throwing', async () => {
    const source = `
      const order = [];
      const digest = crypto.subtle.digest('SHA-1', new Uint8Array(1)).then(() => order.push('digest'));
      const error = await Promise.all([crypto.subtle.digest(), digest]).catch((error) => error.name);
      const { digest: lost } = crypto.subtle;
      return [order, error, await lost('SHA-1', new Uint8Array(1)).catch((error) => error.name)]`;
    expect(await inVm(source)).toEqual([['digest'], 'TypeError', 'TypeError']);
  });

  it('names what there is where something is not', async () => {
    const source = `
      const attempts = [
        () => crypto.subtle.digest('MD5', new Uint8Array(1)),
        () => crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']),
        () => crypto.subtle.importKey('pkcs8', new Uint8Array(1), 'AES-GCM', true, ['encrypt']),
        () => crypto.subtle.wrapKey('raw'),
        () => crypto.subtle.digest('SHA-256', new Uint8Array(8_388_609)),
        () => crypto.subtle.digest('SHA-256', 'text'),
        () => crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['sing']),
      ];
      const seen = [];
      for (const attempt of attempts) await attempt().catch(({ name, message }) => seen.push(name + ': ' + message));
      return seen`;
    expect(await inVm(source)).toEqual([
      'NotSupportedError: The algorithm MD5 is not available in a handler; there is SHA-1, SHA-256, SHA-384, SHA-512',
      'NotSupportedError: The algorithm ECDSA is not available in a handler; there is HMAC, AES-GCM',
      'NotSupportedError: The format pkcs8 is not available in a handler; there is raw, jwk',
      'NotSupportedError: wrapKey() is not available in a handler; there is exportKey(), and encrypt() of what it gives',
      'OperationError: At most 8388608 bytes are taken at once, and these are 8388609',
      'TypeError: The data must be an ArrayBuffer or a view of one; new TextEncoder().encode(text) makes one of a text',
      'TypeError: "sing" is no usage of a key; there is encrypt, decrypt, sign, verify, deriveKey, deriveBits, wrapKey, unwrapKey',
    ]);
  });

  it('generates the same key again with the same seed', async () => {
    const source = `const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt']);
      return [...new Uint8Array(await crypto.subtle.exportKey('raw', key))].join()`;
    const drawn = [
      await inVm(source, undefined, { seed: 1 }),
      await inVm(source, undefined, { seed: 1 }),
      await inVm(source, undefined, { seed: 2 }),
    ];
    expect(drawn[0]).toBe(drawn[1]);
    expect(drawn[0]).not.toBe(drawn[2]);
  });

  it('keeps what a key is for, whatever a handler changes of what it shows', async () => {
    const source = `
      const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']);
      key.usages.push('decrypt');
      key.algorithm.name = 'HMAC';
      Object.defineProperty(key, 'extractable', { value: true });
      const iv = new Uint8Array(12);
      const seen = [(await crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, iv)).byteLength];
      await crypto.subtle.decrypt({ name: 'AES-GCM', iv }, key, new Uint8Array(30)).catch((error) => seen.push(error.name));
      await crypto.subtle.exportKey('raw', key).catch((error) => seen.push(error.name));
      return seen`;
    expect(await inVm(source)).toEqual([28, 'InvalidAccessError', 'InvalidAccessError']);
    const key = "crypto.subtle.importKey('raw', new Uint8Array(16), 'AES-GCM', true, ['encrypt'])";
    await expect(inVm(`return await ${key}`)).rejects.toThrow(
      /a CryptoKey, which cannot leave the VM; pass what exportKey\(\) gives/,
    );
  });

  it('is found by a name that was put together', async () => {
    const source = `const subtle = crypto['sub' + 'tle'];
      return [Object.prototype.toString.call(subtle), crypto['timingSafe' + 'Equal'](new Uint8Array(2), new Uint8Array(2))]`;
    expect(await inVm(source)).toEqual(['[object SubtleCrypto]', true]);
  });

  it('is in no image of a handler that names none of it', async () => {
    executor ??= await createExecutor();
    const bytecodeOf = async (source: string) => {
      const compiled = await executor?.compileScript(wrapHandler(source), 'handler.js');
      return namedFeatures((compiled as { bytecode: Uint8Array }).bytecode);
    };
    expect(await bytecodeOf('return crypto.randomUUID()')).toBe(featureSet('crypto'));
    expect(await bytecodeOf('return crypto.subtle')).toBe(featureSet('subtle'));
    expect(await bytecodeOf('return crypto.timingSafeEqual')).toBe(featureSet('subtle'));
  });
});
