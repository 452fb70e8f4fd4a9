import { js, type Subject } from '../program.js';

export const strings: Subject = {
  subject: 'strings',
  programs: [
    {
      title: 'slicing with every kind of index',
      body: js`
        const s = 'abcdef'; return [s.slice(1, -1), s.slice(-3), s.slice(4, 2), s.substring(4, 2),
          s.substring(-1, NaN), s.substr(-3, 2), s.at(-1), s.at(9), s[2], s['2'], s[-1], s.charAt(9),
          s.slice(undefined, 2), s.slice('2'), s.slice(Infinity)];
      `,
    },
    {
      title: 'searching',
      body: js`
        const s = 'banana'; return [s.indexOf('an'), s.indexOf('an', 2), s.lastIndexOf('an'), s.lastIndexOf('an', 2),
          s.indexOf(''), s.lastIndexOf(''), s.includes('nan'), s.startsWith('ana', 1), s.endsWith('ana'),
          s.endsWith('ban', 3), s.indexOf('x'), (() => { try { s.includes(/a/); } catch (e) { return e.name; } })()];
      `,
    },
    {
      title: 'padding, repeating, trimming and splitting',
      body: js`
        const out = ['5'.padStart(3, '0'), 'abc'.padEnd(8, '12'), 'abc'.padStart(2), 'ab'.repeat(3), 'x'.repeat(0),
          '\u3000 a \n'.trim() + '|', ' a '.trimStart() + '|', ' a '.trimEnd() + '|', 'a,b,,c'.split(','),
          'abc'.split(''), 'abc'.split(), 'a,b'.split(',', 1), ''.split(','), ''.split('')];
        try { 'x'.repeat(-1); } catch (e) { out.push(e.name + ': ' + e.message); }
        return out;
      `,
    },
    {
      title: 'replace and replaceAll with strings',
      body: js`
        return ['aXbX'.replace('X', '-'), 'aXbX'.replaceAll('X', '-'), 'abc'.replaceAll('', '.'),
          'abc'.replace('', '>'), 'aXb'.replace('X', "[$\x60|$&|$']"), 'aXb'.replace('X', (m, i, s) => m + i + s),
          'aa'.replaceAll('a', '$$')];
      `,
    },
    {
      title: 'indices are read-only properties, length is fixed',
      body: js`
        const s = new String('abc'); s.extra = 1;
        s[0] = 'x'; s.length = 1;
        const strict = (function () { 'use strict'; try { 'abc'.length = 1; } catch (e) { return e.name; } })();
        return [s, Object.getOwnPropertyNames(s), '1' in s, delete s[0], strict, [...'ab'].entries().toArray(),
          Object.entries('ab')];
      `,
    },
    {
      title: 'concatenation of many pieces, long strings and ropes',
      body: js`
        let s = '';
        for (let i = 0; i < 3000; i++) s += i % 7 ? String.fromCharCode(97 + (i % 26)) : 'ä' + i;
        let front = ''; for (let i = 0; i < 500; i++) front = i + front;
        let hash = 0; for (let i = 0; i < s.length; i++) hash = (hash * 31 + s.charCodeAt(i)) | 0;
        return [s.length, hash, s.slice(1000, 1020), front.slice(0, 20), front.length, 'ab'.concat(1, null, [2])];
      `,
    },
    {
      title: 'comparison and sorting are by code unit',
      body: js`
        return [['b', 'a', 'C', 'ä', '10', '9', '', 'aa'].sort(), 'a' < 'b', 'B' < 'a', '' < 'a', 'abc' < 'abd',
          '10' < '9', 'a' === new String('a').valueOf(), new String('a') == 'a', new String('a') == new String('a')];
      `,
    },
    {
      title: 'legacy HTML methods and case',
      body: js`
        return ['x'.anchor('a"b'), 'x'.bold(), 'x'.link('u'), 'x'.sup(), 'MiXeD'.toLowerCase(), 'MiXeD'.toUpperCase(),
          'abc'.toLocaleUpperCase(), 'x'.fontcolor('red')];
      `,
    },
    {
      title: 'this is converted in sloppy methods and kept in strict ones',
      body: js`
        String.prototype.sloppy = function () { return typeof this; };
        String.prototype.strict = function () { 'use strict'; return typeof this; };
        const out = ['x'.sloppy(), 'x'.strict(), String.prototype.trim.call(12), String.prototype.at.call([1, 2], 0)];
        try { String.prototype.trim.call(null); } catch (e) { out.push(e.name); }
        return out;
      `,
    },
    {
      title: 'text algorithms: edit distance, palindromes, run lengths, Caesar',
      body: js`
        const lev = (a, b) => { let row = [...Array(b.length + 1).keys()];
          for (let i = 1; i <= a.length; i++) {
          let prev = row[0]; row[0] = i; for (let j = 1; j <= b.length;
          j++) [prev, row[j]] = [row[j], Math.min(row[j] + 1, row[j - 1] + 1, prev + (a[i - 1] !== b[j - 1]))]; }
          return row[b.length]; };
        const pal = (s) => ((t) => t === [...t].reverse().join(''))(s.toLowerCase().replace(/[^a-z]/g, ''));
        const rle = (s) => s.replace(/(.)\1*/g, (m, c) => c + (m.length > 1 ? m.length : ''));
        const caesar = (s, k) => s.replace(/[a-z]/gi,
          (c) => { const b = c < 'a' ? 65 : 97; return String.fromCharCode(((c.charCodeAt() - b + k + 26) % 26) + b);
          });
        return [lev('kitten', 'sitting'), pal('A man, a plan, a canal: Panama'), rle('aaabccd'),
          caesar(caesar('Hello, World', 3), -3), caesar('xyz', 3)];
      `,
    },
  ],
};
