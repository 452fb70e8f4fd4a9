import { notTransferable, success, TIMEOUT_MS, thrown, timeout } from '../lib/outcomes.mjs';
import { ONCE } from '../lib/ways.mjs';

export const title = 'asking for cryptography';
export const ways = ONCE;
export const quickStep = 1;

/** A call of the host is short, and each looks at the time. None takes memory that it does not give back. */
const ENDED = timeout(['interrupt', 'jobs']);
/** A call that works on megabytes may last until the watchdog looks, where the machine is busy. */
const OF_MUCH = timeout(['interrupt', 'jobs', 'watchdog']);

function loop(name, source, expect = ENDED) {
  return { name, source, options: { timeoutMs: TIMEOUT_MS }, expect: [expect].flat() };
}

function program(name, source, expect) {
  return { name, source, expect: [expect].flat() };
}

const GCM =
  "const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 256 }, true, ['encrypt', 'decrypt']);";

const LOOPS = [
  loop('digests without end', "const d = new Uint8Array(8); for (;;) crypto.subtle.digest('SHA-256', d)"),
  loop('digests of much', "const d = new Uint8Array(4e6); for (;;) await crypto.subtle.digest('SHA-512', d)", OF_MUCH),
  loop('digests in jobs', "const f = () => crypto.subtle.digest('SHA-1', new Uint8Array(1)).then(f); await f()"),
  loop(
    'texts that are encrypted again and again',
    `${GCM} let d = new Uint8Array(1e5); for (;;) d = await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, d)`,
  ),
  loop(
    'an iv of megabytes',
    `${GCM} for (;;) await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(4e6) }, key, new Uint8Array(1)).catch(() => {})`,
    OF_MUCH,
  ),
  loop(
    'keys without end',
    "for (;;) await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-512' }, true, ['sign'])",
  ),
  loop(
    'a key of two megabytes',
    "for (;;) await crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-512', length: 8_388_608 }, true, ['sign'])",
  ),
  loop('comparing without end', 'const a = new Uint8Array(4e6); for (;;) crypto.timingSafeEqual(a, a)', OF_MUCH),
  loop(
    'comparing without end, whatever is thrown',
    'const a = new Uint8Array(4e6); for (;;) try { crypto.timingSafeEqual(a, a) } catch {}',
    OF_MUCH,
  ),
  loop('catching all that is thrown', "for (;;) try { await crypto.subtle.digest('MD5', new Uint8Array(1)) } catch {}"),
  loop('a name that never ends', 'return crypto.subtle.digest({ get name() { for (;;); } }, new Uint8Array(1))'),
  loop(
    'bits without end',
    "const k = await crypto.subtle.importKey('raw', new Uint8Array(1), 'HKDF', false, ['deriveBits']); for (;;) await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-512', salt: new Uint8Array(0), info: new Uint8Array(1000) }, k, 8 * 64 * 255)",
  ),
];

const SIZES = [
  program(
    'more bytes than are taken at once',
    "return crypto.subtle.digest('SHA-1', new Uint8Array(8_388_609))",
    thrown(/OperationError: At most 8388608 bytes/),
  ),
  program(
    'a key that is too long',
    "return crypto.subtle.generateKey({ name: 'HMAC', hash: 'SHA-1', length: 4294967288 }, true, ['sign'])",
    thrown(/OperationError: A key cannot have 4294967288 bits/),
  ),
  program(
    'more bits than HKDF has',
    "const k = await crypto.subtle.importKey('raw', new Uint8Array(1), 'HKDF', false, ['deriveBits']); return crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-1', salt: new Uint8Array(0), info: new Uint8Array(0) }, k, 8 * 20 * 256)",
    thrown(/OperationError/),
  ),
];

const TRICKS = [
  program(
    'a view that lies about its place',
    `const d = new Uint8Array(4);
     for (const name of ['buffer', 'byteOffset', 'byteLength', 'length']) Object.defineProperty(d, name, { value: 2 ** 31 });
     return [...new Uint8Array(await crypto.subtle.digest('SHA-1', d))].slice(0, 3)`,
    success([144, 105, 202]),
  ),
  program(
    'prototypes that lie about places',
    `const typed = Object.getPrototypeOf(Uint8Array.prototype);
     for (const [p, k] of [[typed, 'byteOffset'], [typed, 'byteLength'], [ArrayBuffer.prototype, 'byteLength']])
       Object.defineProperty(p, k, { get: () => 2 ** 32, configurable: true });
     return (await crypto.subtle.digest('SHA-1', new Uint8Array(4))) instanceof ArrayBuffer`,
    success(true),
  ),
  program(
    'what is no buffer',
    "let n = 0; for (const d of [[], {}, null, 'x', 1, new Proxy(new Uint8Array(1), {}), Object.create(ArrayBuffer.prototype)]) await crypto.subtle.digest('SHA-1', d).catch(() => n++); return n",
    success(7),
  ),
  program(
    'what is no key',
    "let n = 0; for (const k of [{}, null, Object.create(CryptoKey.prototype), new Proxy({}, {})]) await crypto.subtle.sign('HMAC', k, new Uint8Array(1)).catch(() => n++); return n",
    success(4),
  ),
  program('a key that is made by hand', 'return new CryptoKey()', thrown(/TypeError: Illegal constructor/)),
  program('a key as the result', `${GCM} return { key }`, notTransferable('returnValue.key')),
  program(
    'a key that is not extractable',
    "const k = await crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, false, ['encrypt']); Object.defineProperty(CryptoKey.prototype, 'extractable', { get: () => true }); return crypto.subtle.exportKey('raw', k)",
    thrown(/InvalidAccessError: The key is not extractable/),
  ),
  program(
    'a signature that is cut',
    "const k = await crypto.subtle.importKey('raw', new Uint8Array(4), { name: 'HMAC', hash: 'SHA-1' }, false, ['sign', 'verify']); const d = new Uint8Array(2); const s = await crypto.subtle.sign('HMAC', k, d); const seen = []; for (const cut of [s, s.slice(1), s.slice(0, 0)]) seen.push(await crypto.subtle.verify('HMAC', k, cut, d)); return seen",
    success([true, false, false]),
  ),
  program(
    'a tag that is another one',
    `${GCM} const a = { name: 'AES-GCM', iv: new Uint8Array(12) }; const t = new Uint8Array(await crypto.subtle.encrypt(a, key, new Uint8Array(9))); t[20] ^= 1; return crypto.subtle.decrypt(a, key, t)`,
    thrown(/OperationError/),
  ),
  program(
    'a length that changes while it is read',
    `let n = 0;
     const length = { valueOf() { n++; return n === 1 ? 128 : 1e9 } };
     const key = await crypto.subtle.generateKey({ name: 'AES-GCM', length }, true, ['encrypt']);
     return [n, key.algorithm.length]`,
    success([1, 128]),
  ),
];

export const programs = [...LOOPS, ...SIZES, ...TRICKS];
