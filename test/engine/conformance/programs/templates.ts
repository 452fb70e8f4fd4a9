import { js, type Subject } from '../program.js';

export const templates: Subject = {
  subject: 'template literals',
  programs: [
    {
      title: 'a tagged template keeps its raw strings',
      body: js`
        const tag = (strings, ...values) => ({ cooked: [...strings], raw: [...strings.raw], values });
        return tag\`line\n\${1}\u{1F600}\t\\\${'two'}\x41\`;
      `,
    },
    {
      title: 'invalid escapes are undefined when cooked and present when raw',
      body: js`
        const tag = (strings) => [strings[0], strings.raw[0], strings[1], strings.raw[1]];
        return tag\`\unicode and \xerxes \${0} fine\u0021\`;
      `,
    },
    {
      title: 'the template object is the same for every evaluation of one site',
      body: js`
        const id = (strings) => strings;
        const site = () => id\`a\${1}b\`;
        const other = () => id\`a\${1}b\`;
        const seen = new Set();
        for (let i = 0; i < 3; i++) seen.add(id\`loop\${i}\`);
        const t = site();
        return [site() === site(), site() === other(), seen.size, t, Object.getOwnPropertyDescriptor(t, 'raw')];
      `,
    },
    {
      title: 'template objects of recursive and generator functions are cached per site',
      body: js`
        const id = (s) => s;
        const collect = (n, into) => { into.push(id\`r\`); if (n) collect(n - 1, into); return into; };
        function* g() { for (;;) yield id\`g\`; }
        const [a, b] = g();
        const [c] = g();
        return [new Set(collect(4, [])).size, a === b, a === c];
      `,
    },
    {
      title: 'String.raw, also with hand-made objects',
      body: js`
        const name = 'x';
        return [String.raw\`C:\new\\\${name}\u12\`, String.raw({ raw: 'abc' }, 1, 2, 3),
          String.raw({ raw: ['a', 'b'] }), String.raw({ raw: [] }, 1)];
      `,
    },
    {
      title: 'substitutions are converted to text',
      body: js`
        const log = [];
        const o = (n) => ({ toString() { log.push('s' + n); return 'str' + n; },
          valueOf() { log.push('v' + n); return n; } });
        const text = \`\${o(1)} \${o(2) + ''} \${[1, [2, 3]]} \${null} \${undefined} \${-0} \${1n} \${{}}\`;
        let error;
        try { \`\${Symbol('no')}\`; } catch (e) { error = e.name + ': ' + e.message; }
        return [text, log, error];
      `,
    },
    {
      title: 'templates nest and span lines',
      body: js`
        const rows = [['a', 1], ['b', 2]];
        return \`<ul>
          \${rows.map(([k, v]) => \`<li class="\${k === 'a' ? \`first-\${k}\` : ''}">\${k}=\${v}</li>\`).join('\n')}
        </ul>\`;
      `,
    },
    {
      title: 'tags can be members, calls, new expressions and chains',
      body: js`
        const o = { v: 'this', tag(s, x) { return this.v + s[0] + x; }, make() { return (s) => (t) => s[0] + t[0]; } };
        class T { constructor() { return (s) => 'new ' + s[0]; } }
        const make = (s) => function Made() { this.from = s[0]; };
        const after = [o.tag\`a\${1}\`, o['tag']\`b\${2}\`, o.make()\`x\`\`y\`, new make\`z\`, (new T)\`w\`];
        return after.map((x) => (typeof x === 'function' ? 'function' : x));
      `,
    },
    {
      title: 'line ends in templates are normalised, continuations vanish',
      body: js`
        const tag = (s) => [s[0], s.raw[0]];
        return [\`a
b\`, 'c\
d', tag\`e\
f\`];
      `,
    },
    {
      title: 'a tag that builds a query keeps values apart from text',
      body: js`
        const sql = (strings, ...values) =>
          ({ text: strings.reduce((q, s, i) => q + '$' + i + s), values: values.flatMap((v) => v?.values ?? [v]) });
        return sql\`select * from t where a = \${1} and b in (\${'x'}, \${null}) or c = \${sql\`nested \${5n}\`}\`;
      `,
    },
  ],
};
