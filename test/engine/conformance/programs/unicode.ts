import { js, type Subject } from '../program.js';

export const unicode: Subject = {
  subject: 'Unicode in source and strings',
  programs: [
    {
      title: 'identifiers may use any script and escapes',
      body: js`
        const größe = 1; let 変数 = 2; var π = 3; const \u0061bc = 4; const x\u{61}y = 5;
        const ゼロ = { наименование: 6, \u0062: 7 };
        const 𝒜 = 8; const a‌b = 9;
        return [größe, 変数, π, abc, xay, ゼロ.наименование, ゼロ.b, 𝒜, a‌b, Object.keys({ größe, 変数, 𝒜 })];
      `,
    },
    {
      title: 'astral characters in literals: length, code points, iteration',
      body: js`
        const s = 'a😀b\u{1F468}\u200D\u{1F469}';
        return [s, s.length, [...s], s.codePointAt(1), s.charCodeAt(1), s.at(-1), s.split(''),
          Array.from(s, (c) => c.codePointAt(0)), String.fromCodePoint(0x1f600, 97)];
      `,
    },
    {
      title: 'lone surrogates survive in constants, keys and joins',
      body: js`
        const hi = '\ud83d', lo = '\ude00';
        const o = { '\ud800': 1, [hi]: 2 };
        return [hi, lo, hi + lo === '😀', o, (hi + lo).length, hi.isWellFormed(), 'x\udfffy'.toWellFormed(),
          JSON.stringify(hi), [...(lo + hi)]];
      `,
    },
    {
      title: 'normalisation forms',
      body: js`
        const s = 'e\u0301 \u212B ﬁ \u1E9B\u0323 가';
        return ['NFC', 'NFD', 'NFKC', 'NFKD'].map((f) =>
          s.normalize(f)).concat(['é' === 'e\u0301', 'é' === 'e\u0301'.normalize()]);
      `,
    },
    {
      title: 'case mapping beyond ASCII, including length changes',
      body: js`
        return ['straße'.toUpperCase(), 'İ'.toLowerCase().length, 'ΑΣ'.toLowerCase(), 'ΑΣΑ'.toLowerCase(),
          'ŉ'.toUpperCase(), 'ﬃ'.toUpperCase(), '𐐨'.toUpperCase(), 'ǆ'.toUpperCase(), 'Ω'.toLowerCase()];
      `,
    },
    {
      title: 'strings of one, two and four byte characters concatenate and compare',
      body: js`
        const parts = ['ascii', 'Latin-1: é', 'BMP: 漢', 'astral: 𝄞', ''];
        const joined = parts.join('|');
        return [joined, joined.length, [...parts].sort(), 'z' < 'é', '\uffff' > '😀', 'a'.localeCompare('b'),
          'résumé'.indexOf('é', 2), joined.slice(-3), joined.lastIndexOf('漢')];
      `,
    },
    {
      title: 'all escapes of string literals',
      body: js`return ['\0\b\t\n\v\f\r\x7f\u2028\u2029\u{0}\u{10ffff}\'\"\\\q', '\101\7\08', 'line\
continued', "\u00e9" === 'é'];`,
    },
    {
      title: 'line and paragraph separators are allowed in strings, white space of all kinds between tokens',
      body: [
        'const s = "a\u2028b\u2029c";',
        '\u00a0const\u2003t\u3000=\ufeff1;\u2028const u = 2; // comment ends here\u2029return [s, s.length, t, u];',
      ].join('\n'),
    },
    {
      title: 'URI encoding of code points and of malformed input',
      body: js`
        const out = [encodeURIComponent('ä 😀/?'), encodeURI('http://x/ä?q=a b#h'),
          decodeURIComponent('%F0%9F%98%80%2F'), decodeURI('%2F%C3%A4'), escape('ä😀 +'), unescape('%u6F22%E9')];
        for (const bad of ['%', '%ff', '%C3%28', '%ED%A0%80']) {
          try { out.push(decodeURIComponent(bad)); } catch (e) { out.push(e.name); } }
        try { encodeURIComponent('\ud800'); } catch (e) { out.push(e.name + ': ' + e.message); }
        return out;
      `,
    },
    {
      title: 'property names, class members and labels with non-ASCII names',
      body: js`
        class Größe { #ключ = 'private'; static Ürsprung = 0;
          get 値() { return this.#ключ; } ['ä' + 'ö']() { return 'computed'; } }
        äußere: for (const é of [1, 2]) for (;;) continue äußere;
        const f = function ñ() { return ñ.name; };
        return [new Größe().値, Größe.name, new Größe().äö(), Reflect.ownKeys(Größe.prototype), Object.keys(Größe),
          f()];
      `,
    },
  ],
};
