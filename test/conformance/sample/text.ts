import { type Area, combine, EACH } from './area.js';

const PATTERNS = [
  'a',
  '(a)(b)?',
  '(?<x>a)|(?<y>b)',
  '[^\\w]',
  '\\b',
  '.',
  '(?:)',
  'a*',
  'a*?',
  '(?<=a).',
  '(?<!a)b',
  '^.*$',
  '(\\d+)-(\\d+)',
  '\\s+',
  '(a+)+$',
  '(?=(a+))a*b\\1',
  '[a-z]{2,3}',
  '(?:a|ab)(?:c|bcd)(?:d*)',
  '(z)((a+)?(b+)?(c))*',
  '[\\b]',
  '[^]',
  '(?<a>.)(?<b>.)\\k<a>',
  '(a|b)*?c',
  '(?!a)[ab]',
  'a{2}',
  'a{1,}?',
  '\\x41|\\u0042',
  '[\\d\\-x]',
  '(?:(a)|b)*',
  '^|c',
  '\\n|\\r',
  '(?<=(\\d+)(\\d+))$',
  '\\W',
  '\\bab\\B',
];
const FLAGS = ['', 'g', 'i', 'gi', 'm', 's', 'u', 'y', 'gy', 'd'];
const USES: Record<string, string> = {
  'exec and lastIndex':
    'const out = []; for (let i = 0; i < 3; i++) { const m = re.exec(s); out.push(m && [[...m], m.index, m.groups && { ...m.groups }], re.lastIndex); } return out;',
  replace: 'return [s.replace(re, "[$&|$1|$<x>|$`]"), s.replace(re, (...a) => a.length), s.search(re), s.match(re)];',
  'split and matchAll':
    'const all = new RegExp(re, re.flags.includes("g") ? re.flags : re.flags + "g"); return [s.split(re), s.split(re, 2), [...s.matchAll(all)].map((m) => [m.index, ...m])];',
};
const SUBJECTS = '["", "a", "abc", "aab abcd", "x12-34y", "zaacbbbcac", "AbC\\nabc", "b\\u00e9\\ud83d\\ude00a"]';

const REGEXP_RULES: Record<string, string> = {
  'flags in order':
    'return [/a/gimsuyd.flags, /a/v.flags, new RegExp(/a/g, "i").flags, /a/g.global, /\\//.source, new RegExp("/").source, String(new RegExp(""))];',
  indices:
    'const m = /(?<x>b)(c)?/d.exec("abd"); return [m.indices[0], m.indices[1], m.indices[2], m.indices.groups.x];',
  'named groups with one name':
    'const re = new RegExp("(?<y>a)|(?<y>b)"); return ["a", "b"].map((s) => ({ ...re.exec(s).groups }));',
  modifiers: 'const re = new RegExp("(?i:a)b"); return ["ab", "Ab", "AB"].map((s) => re.test(s));',
  'set notation':
    'return [/[[a-z]--[aeiou]]/v.test("e"), /[\\w&&\\d]/v.exec("a1")[0], /^\\p{Emoji_Keycap_Sequence}$/v.test("1\\ufe0f\\u20e3"), /[\\q{abc|d}]/v.exec("xabc")[0]];',
  'unicode properties':
    'return [/\\p{Lu}/u, /\\p{Script=Greek}/u, /\\P{L}/u, /\\p{Alphabetic}/u, /\\p{N}/u].map((re) => ["A", "\\u03b1", "1", "\\u0663"].map((s) => re.test(s)));',
  'case folding':
    'return [/\\u212a/i.test("k"), /\\u212a/iu.test("k"), /\\u017f/i.test("s"), /\\u017f/iu.test("s"), /\\u00e5/i.test("\\u00c5"), /\\u0130/i.test("i"), /[^x]/iu.test("X")];',
  surrogates:
    'return [/^.$/.test("\\ud83d\\ude00"), /^.$/u.test("\\ud83d\\ude00"), /\\ud83d/.test("\\ud83d\\ude00"), /\\ud83d/u.test("\\ud83d\\ude00"), "\\ud83d\\ude00".split(""), "\\ud83d\\ude00".split(/(?:)/u)];',
  'bad patterns': `${EACH} return each(...["(", "[", "a{2,1}", "(?<x", "\\\\k<x>(?<y>a)", "*", "(?<x>a)(?<x>b)", "[b-a]"].map((p) => () => new RegExp(p)), () => new RegExp("\\\\-", "u"), () => new RegExp("a", "gg"), () => new RegExp("{", "u"), () => new RegExp("{").test("{"));`,
  'symbols of regular expressions':
    'const re = { [Symbol.replace]: (s, r) => [s, r], [Symbol.split]: (s, n) => [n, s], [Symbol.match]: (s) => "m" + s, [Symbol.search]: () => 7 }; return ["a".replace(re, 1), "a".split(re, 2), "a".match(re), "a".search(re)];',
  'a subclass':
    'class R extends RegExp { exec(s) { const m = super.exec(s); if (m) m[0] = "x"; return m; } } return ["abab".replace(new R("a", "g"), "[$&]"), new R("a").test("b"), "aXb".split(new R("X"))];',
  'lastIndex of odd values': `${EACH} return [-1, 1.5, "2", Infinity, NaN, { valueOf: () => 1 }].flatMap((n) => { const re = /a/g; re.lastIndex = n; return each(() => re.exec("aaa")?.index, () => re.lastIndex); });`,
  backtracking:
    'return [/(a*)*b/.test("aaaaaaaaaaaac"), /^(([a-z])+.)+[A-Z]([a-z])+$/.test("aaaaaaaaaaaA"), /(x+x+)+y/.exec("xxxxxxxxxxy")[0].length];',
  'lookbehind captures from the right':
    'return [/(?<=(\\d+)(\\d+))$/.exec("1053").slice(1), /(?<=\\1(a))b/.exec("aab")?.slice(), /(?<!x)a/.exec("xaa").index];',
  'static properties of replaced text':
    'return ["abc".replace("b", "$$-$&-$`-$\'-$0-$1"), "abc".replace(/(b)(c)?/, "$2$1$10$01"), "aaa".replaceAll("a", (m, i) => i)];',
};

const STRINGIFIED: Record<string, string> = {
  'nested values': '{ a: [1, { b: null }], c: "x" }',
  'what is left out': '{ u: undefined, f() {}, s: Symbol("s"), n: NaN, i: Infinity, z: -0 }',
  'in an array': '[undefined, () => 1, Symbol("s"), NaN]',
  toJSON: '{ d: new Date(0), o: { toJSON(k) { return "json " + k; } } }',
  boxes: '[new Number(1), new String("s"), new Boolean(false), Object(Symbol("s"))]',
  'keys in order': '{ b: 1, 2: 2, a: 3, 1: 4 }',
  'texts to be escaped': '["\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u2028\\ud83d", "\\ud83d\\ude00"]',
  collections: '[new Map([[1, 2]]), new Set([1]), /a/g, new Error("e")]',
  'typed arrays': '[new Uint8Array([1, 2])]',
  'null prototypes': 'Object.assign(Object.create(null), { a: 1 })',
  'a primitive': '"text"',
  undefined: 'undefined',
  'a BigInt': '1n',
  'a cycle': '(() => { const o = {}; o.o = o; return o; })()',
  'a proxy': 'new Proxy([1, 2], {})',
  getters: '{ get a() { return [1]; }, b: Object.create({ c: 1 }) }',
};
const HOW: Record<string, string> = {
  plain: '',
  indented: ', null, 2',
  'indented by a text': ', null, "--"',
  'with a list': ', ["a", "b", 1, "o"]',
  'with a function': ', function (k, v) { return typeof v === "number" ? v + 1 : k === "b" ? undefined : v; }',
};

const JSON_TEXTS = [
  '{"a":[1,{"b":null}],"c":"x"}',
  ' [1 , 2 ] ',
  '"\\u0041\\n"',
  '1e3',
  '-0',
  '{"__proto__":1}',
  '{"a":1,"a":2}',
  'null',
  '',
  '{',
  '[1,]',
  '{a:1}',
  "'x'",
  '01',
  '1.',
  '+1',
  'NaN',
  '"\t"',
  '[1]x',
  '\ufeff1',
  '"\\x41"',
  'true',
  '12345678901234567890',
  '{"2":1,"1":2,"b":3}',
];

export const text: Area = {
  area: 'regular expressions and JSON',
  programs: [
    ...PATTERNS.flatMap((pattern, i) =>
      // Each pattern meets three of the flags, all flags meet many patterns.
      [0, 1, 2]
        .map((step) => FLAGS[(i + step * 3) % FLAGS.length] ?? '')
        .flatMap((flags) =>
          combine(USES).map(([title, use]) => ({
            title: `/${pattern}/${flags} in ${title}`,
            body: `${EACH} return ${SUBJECTS}.flatMap((s) => each(() => { const re = new RegExp(${JSON.stringify(pattern)}, "${flags}"); ${use} }));`,
          })),
        ),
    ),
    ...Object.entries(REGEXP_RULES).map(([title, body]) => ({ title: `regular expressions: ${title}`, body })),
    ...combine(STRINGIFIED, HOW).map(([title, value, how]) => ({
      title: `JSON.stringify of ${title}`,
      body: `${EACH} return each(() => JSON.stringify(${value}${how}));`,
    })),
    ...JSON_TEXTS.map((json) => ({
      title: `JSON.parse of ${JSON.stringify(json)}`,
      body: `${EACH} const t = ${JSON.stringify(json)}; const log = []; return [...each(() => JSON.parse(t), () => JSON.parse(t, function (k, v) { log.push([k, this === v]); return typeof v === "number" ? undefined : v; })), log];`,
    })),
  ],
};
