import { js, type Subject } from '../program.js';

export const regexps: Subject = {
  subject: 'regular expressions',
  programs: [
    {
      title: 'g and y keep lastIndex, y matches only there',
      body: js`
        const g = /a./g; const y = /a./y;
        const out = [];
        for (const re of [g, y]) { re.lastIndex = 1;
          out.push(re.exec('ababxab')?.index, re.lastIndex, re.test('ababxab'), re.lastIndex,
          re.exec('ababxab')?.index, re.lastIndex); }
        return [out, 'aaxaa'.match(/a/g), 'aaxaa'.match(/a/gy), 'x'.match(/a/g)];
      `,
    },
    {
      title: 'd gives the indices of groups',
      body: js`
        const m = /(?<year>\d{4})-(?<month>\d\d)(-(\d\d))?/d.exec('on 2024-05.');
        return [m.indices, m.indices.groups, m.index, [...m], m.groups];
      `,
    },
    {
      title: 'i folds case, with u also beyond ASCII',
      body: js`
        return [/straße/i.test('STRASSE'), /ärger/i.test('ÄRGER'), /[a-z]/i.test('K'), /\u212a/i.test('k'),
          /\u212a/iu.test('k'), /ſ/i.test('s'), /ſ/iu.test('S'), /[^x]/iu.test('X'), /\u{10400}/iu.test('\u{10428}')];
      `,
    },
    {
      title: 'm and s change what anchors and dots match',
      body: js`
        const text = 'one\ntwo\r\nthree\u2028four';
        return [text.match(/^\w+$/gm), text.match(/^.+$/gs), /one.two/.test(text), /one.two/s.test(text),
          'a\nb'.replace(/$/gm, ';'), 'a\nb'.replace(/^/g, '>')];
      `,
    },
    {
      title: 'u reads code points and is strict about escapes',
      body: js`
        return ['😀'.match(/./)[0].length, '😀'.match(/./u)[0].length, /^.$/u.test('😀'), /\u{1F600}/u.test('😀'),
          /[😀-😎]/u.test('😃'), '😀😃'.replace(/./gu, 'x'), '\ud83d'.match(/^[^x]$/u)?.[0].length,
          /\p{Lu}\p{Ll}+/u.exec('été Été')[0], '𝒳y'.match(/\p{L}/gu)];
      `,
    },
    {
      title: 'unicode property escapes by script, category and negation',
      body: js`
        return [
          'aβγ δ'.match(/\p{Script=Greek}+/gu), 'x٣7Ⅷ'.match(/\p{Nd}/gu), 'a1_ -'.match(/\P{L}/gu),
          'кот cat 猫'.match(/\p{Script=Cyrillic}+|\p{Script=Han}/gu), /\p{Emoji_Presentation}/u.test('⌚'),
            /\p{White_Space}/u.test('\u2003'), /^\p{ID_Start}\p{ID_Continue}*$/u.test('變數1'),
        ];
      `,
    },
    {
      title: 'v knows set operations, strings in classes and properties of strings',
      body: js`
        return [
          'abcdef'.match(/[[a-f]--[bd]]/gv), 'a1β2'.match(/[\p{L}&&[a-z]]/gv), /^\p{RGI_Emoji}$/v.test('👨‍👩‍👧'),
            'x1ab'.match(/[\q{ab|1}x]/gv),
          /[^\p{L}--[a-z]]/v.test('b'), /^[\w--\d]+$/v.test('abc1'), /[[0-9][a-c]]+/v.exec('zz1b2')[0],
        ];
      `,
    },
    {
      title: 'lookahead and lookbehind, positive, negative and nested',
      body: js`
        return [
          'price: $42, €17'.match(/(?<=[$€])\d+/g), 'a1 b2 c3'.match(/\w(?!1)\d/g),
            'foobar barbar'.replace(/(?<!foo)bar/g, 'X'),
          /(?<=(\d+)(\d+))$/.exec('1053').slice(1), /(?=(a+))a*b\1/.exec('baaabac').slice(),
            '1234567.89'.replace(/(?<=\d)(?=(\d{3})+(?!\d|\.\d*$))/g, ','), /(?<=a(?=bc))b/.exec('abc').index,
        ];
      `,
    },
    {
      title: 'named groups, named backreferences and duplicate names',
      body: js`
        const m = /(?<q>['"])(?<body>.*?)\k<q>/.exec('say "it\'s" now');
        const dup = /(?:(?<y>\d{4})-\d\d|\d\d\/(?<y>\d{4}))/;
        return [m.groups.body, Object.getPrototypeOf(m.groups),
          'John Smith'.replace(/(?<f>\w+) (?<l>\w+)/, '$<l>, $<f> $<none>'), dup.exec('2024-05').groups.y,
          dup.exec('05/2023').groups.y];
      `,
    },
    {
      title: 'inline modifiers turn flags on and off for a group',
      body: js`
        return [/(?i:a)b/.test('Ab'), /(?i:a)b/.test('AB'), /a(?-i:b)c/i.test('AbC'), /a(?-i:b)c/i.test('ABC'),
          'x\ny'.match(/(?m:^y)/)?.index, /(?s:a.b)a.b/.test('a\nba\nb'), /(?s-i:a.)B/i.exec('a\nb')?.[0]];
      `,
    },
    {
      title: 'quantifiers: greedy, lazy, counted, empty loops and backtracking',
      body: js`
        return [
          '<a><b>'.match(/<.+>/)[0], '<a><b>'.match(/<.+?>/)[0], 'aaaa'.match(/a{2,3}/g), 'aaaa'.match(/a{2,3}?/g),
            /(a*)*b/.exec('aab').slice(), /(?:a|ab)(?:c|bcd)(d*)/.exec('abcd').slice(),
          /(z)((a+)?(b+)?(c))*/.exec('zaacbbbcac').slice(), /(a{0,2}){3}$/.exec('aaaaa').slice(), /^(?:x?)*$/.test(''),
            'aXbX'.split(/(?:)/), /x{0}y/.exec('xy')[0],
        ];
      `,
    },
    {
      title: 'replace with functions and special patterns',
      body: js`
        return [
          'a-b-c'.replace(/(\w)-(\w)/, '[$2$1$&$$$\x27$\x60]'),
            'x1y22'.replace(/\d+/g, (m, i, s) => '<' + m + '@' + i + '/' + s.length + '>'),
          'k=v'.replace(/(?<k>\w)=(?<v>\w)/, (...a) => JSON.stringify(a.at(-1))), 'abc'.replaceAll(/b|c/g, '$01$10$&'),
            'aaa'.replace(/a/g, (x, i) => i), 'abc'.replace('b', '$&$&'),
        ];
      `,
    },
    {
      title: 'matchAll, split and search',
      body: js`
        const all = [...'a1b2c3'.matchAll(/([a-z])(\d)/g)].map((m) => [m.index, ...m]);
        let error;
        try { 'a'.matchAll(/a/); } catch (e) { error = e.name; }
        return [all, error, 'a, b;c'.split(/[,;]\s*/), 'a1b2'.split(/(\d)/), 'abc'.split(/b/, 1), ''.split(/x/),
          ''.split(/(?:)/), 'xay'.search(/a/), 'x'.search(/a/g)];
      `,
    },
    {
      title: 'every evaluation of a literal makes a new object',
      body: js`
        const make = () => /x/g;
        const a = make(); a.lastIndex = 5; a.own = 1;
        const b = make();
        return [a === b, b.lastIndex, b.own, b.flags, b.source, /[/]\/\n/.source, new RegExp('/').source,
          String(new RegExp('')), new RegExp(/a/gi, 'm').flags];
      `,
    },
    {
      title: 'flags and source of a literal with all flags survive',
      body: js`
        const re = /(?<n>a)|b/dgimsuy;
        const props = ['hasIndices', 'global', 'ignoreCase', 'multiline', 'dotAll', 'unicode', 'unicodeSets', 'sticky'];
        return [re.flags, re.source, props.map((p) => re[p]), /x/v.flags, Object.keys(re)];
      `,
    },
    {
      title: 'patterns compiled at run time: RegExp constructor, escape and errors',
      body: js`
        const out = [];
        for (const [p, f] of [['(', ''], ['a', 'gg'], ['a', 'uv'], ['[b-a]', ''], ['\\u{110000}', 'u'],
          ['(?<a>)(?<a>)', ''], ['a**', ''], ['\\k<x>', 'u'], ['x{2,1}', '']]) {
          try { out.push(String(new RegExp(p, f))); } catch (e) { out.push(e.name + ': ' + e.message); } }
        return [out, new RegExp(RegExp.escape('a.b*c'), 'g').test('a.b*c'), RegExp.escape('1+1=2 (ok)'),
          RegExp('\\d+').exec('ab12')[0]];
      `,
    },
    {
      title: 'the symbol protocol: custom matchers and subclasses',
      body: js`
        class Loud extends RegExp { exec(s) { const m = super.exec(s); if (m) m[0] = m[0].toUpperCase(); return m; } }
        const custom = { [Symbol.replace]: (s, r) => s + '|' + r, [Symbol.split]: (s, n) => [s, n],
          [Symbol.search]: () => 42, [Symbol.match]: () => 'm' };
        return [new Loud('b').exec('abc')[0], 'abc'.match(new Loud('b'))[0], 'abc'.replace(custom, 'r'),
          'abc'.split(custom, 3), 'abc'.search(custom), 'abc'.match(custom), 'aXb'.split(new Loud('X'))];
      `,
    },
    {
      title: 'escapes, classes and legacy syntax without u',
      body: js`
        return [/\x41\u0042\cI\0/.test('AB\t\0'), /[\b]/.test('\b'), /\w\W\s\S\d\D/.test('a! x1y'),
          /\a\-\]/.test('a-]'), /]/.test(']'), /a{,2}/.test('a{,2}'), /\8/.test('8'), /[\w-a]/.test('-'),
          /(?:)\1(x)/.test('x'), /\bfoo\B/.test('food'), /[^]/.test('\n'), /[]/.test('x')];
      `,
    },
  ],
};
