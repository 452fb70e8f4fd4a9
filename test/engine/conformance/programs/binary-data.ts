import { js, type Subject } from '../program.js';

export const binaryData: Subject = {
  subject: 'typed arrays, buffers and DataView',
  programs: [
    {
      title: 'element types convert and wrap',
      body: js`
        const input = [0, -1, 127, 128, 255, 256, 1.7, -1.7, 300, NaN, Infinity, 2 ** 31, 2 ** 32 + 5];
        return [Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
          Float16Array, Float32Array, Float64Array].map((T) => T.from(input).join());
      `,
    },
    {
      title: 'clamping rounds half to even',
      body: js`return [...new Uint8ClampedArray([0.5, 1.5, 2.5, 254.5, 255.5, -0.5, 0.49])];`,
    },
    {
      title: 'views share their buffer, at offsets',
      body: js`
        const buffer = new ArrayBuffer(16);
        const bytes = new Uint8Array(buffer), words = new Uint32Array(buffer, 4, 2),
          floats = new Float32Array(buffer, 12);
        words.set([0x01020304, 0xa0b0c0d0]); floats[0] = 1.5;
        const sub = bytes.subarray(4, 8); sub[0] = 255;
        return [[...bytes], words[0], sub.byteOffset, words.byteLength, floats.length, sub.buffer === buffer,
          bytes.slice(4, 6).buffer.byteLength];
      `,
    },
    {
      title: 'DataView reads and writes in both byte orders',
      body: js`
        const v = new DataView(new ArrayBuffer(32), 1);
        v.setInt16(0, -2); v.setUint32(2, 0xdeadbeef, true); v.setFloat64(6, Math.PI);
        v.setBigInt64(14, -(2n ** 40n), true); v.setFloat32(22, 0.1, true); v.setUint8(26, 511);
        const out = [v.getInt16(0), v.getUint16(0, true), v.getUint32(2), v.getUint32(2, true), v.getFloat64(6),
          v.getBigUint64(14), v.getBigInt64(14, true), v.getFloat32(22, true), v.getUint8(26), v.byteLength,
          v.byteOffset];
        for (const f of [() => v.getInt32(29), () => v.getInt8(-1), () => v.setBigInt64(0, 1),
          () => new DataView(new ArrayBuffer(1), 2)]) { try { f(); } catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'array methods on typed arrays',
      body: js`
        const t = Int16Array.of(5, -3, 9, 0, 2);
        return [t.map((x) => x * 2), t.filter((x) => x > 0), t.reduce((a, b) => a + b), [...t].length, t.toSorted(),
          t.toReversed(), t.with(0, 99), t.indexOf(9), t.includes(-3), t.findLast((x) => x < 1), t.at(-1), t.join('|'),
          t.copyWithin(0, 3), t.fill(7, 1, 3), t.sort((a, b) => b - a), t.lastIndexOf(7)];
      `,
    },
    {
      title: 'floats keep bit patterns, signed zero and NaN',
      body: js`
        const f = new Float64Array([0.1 + 0.2, -0, NaN, 5e-324, 1.7976931348623157e308]);
        const bits = [...new BigUint64Array(f.buffer)].map((b) => b.toString(16));
        return [bits, [...f], [...new Float32Array([0.1, 16777217, 1e40])], Math.fround(5.05), Object.is(f[1], -0),
          f.includes(NaN), f.indexOf(NaN)];
      `,
    },
    {
      title: 'out of range indices, odd keys and non-writable semantics',
      body: js`
        'use strict';
        const t = new Uint8Array(2);
        t[5] = 1; t[-1] = 1; t['1.5'] = 1; t.named = 'kept';
        const out = [t, t[5], '5' in t, '1' in t, '-0' in t, Object.keys(t)];
        for (const f of [() => Object.freeze(t), () => Object.defineProperty(t, '0', { value: 1, writable: false }),
          () => delete t[0], () => new Uint8Array(-1), () => new Uint16Array(new ArrayBuffer(3)),
          () => new Uint16Array(new ArrayBuffer(4), 1), () => Uint8Array(1)]) {
          try { f(); out.push('ok'); } catch (e) { out.push(e.name); } }
        return out;
      `,
    },
    {
      title: 'buffers slice, transfer and resize',
      body: js`
        const b = new ArrayBuffer(4, { maxByteLength: 8 });
        const view = new Uint8Array(b); view.set([1, 2, 3, 4]);
        b.resize(6); const grown = [...view]; b.resize(2); const shrunk = [...view];
        const moved = b.transfer(3);
        const out = [grown, shrunk, b.detached, view.length, moved, moved.slice(1), ArrayBuffer.isView(view),
          ArrayBuffer.isView(moved)];
        try { b.slice(); } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'base64, CRC and UTF-8 written by hand',
      body: js`
        const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
        const utf8 = (s) => Uint8Array.from(unescape(encodeURIComponent(s)), (c) => c.charCodeAt(0));
        const base64 = (b) => { let out = '';
          for (let i = 0; i < b.length; i += 3) {
          const n = (b[i] << 16) | ((b[i + 1] ?? 0) << 8) | (b[i + 2] ?? 0);
          out += alphabet[n >> 18] + alphabet[(n >> 12) & 63] + (i + 1 < b.length ? alphabet[(n >> 6) & 63] : '=') + (
          i + 2 < b.length ? alphabet[n & 63] : '='); } return out; };
        const crc = (b) => { let c = ~0;
          for (const x of b) { c ^= x; for (let k = 0; k < 8; k++) c = c & 1 ? (c >>> 1) ^ 0xedb88320 : c >>> 1; }
          return ~c >>> 0; };
        const bytes = utf8('Grüße, 世界 😀');
        return [[...bytes], base64(bytes), crc(bytes)];
      `,
    },
  ],
};
