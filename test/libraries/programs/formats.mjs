// Formats of data and texts. Each program runs in Node and in a handler, and returns plain data.

const DATA = [
  {
    package: 'json5',
    run: ({ it }) => {
      const JSON5 = it.default ?? it;
      return [
        JSON5.parse("{ a: 0x10, b: [1, 2,], /* c */ 'd': +Infinity, e: 'x\\\ny' }"),
        JSON5.stringify({ a: 1, 'b-c': [null] }, null, 2),
      ];
    },
  },
  {
    package: 'yaml',
    run: ({ it: { parse, stringify, parseDocument } }) => {
      const text = 'base: &b { x: 1 }\nlist:\n  - *b\n  - "two"\n  - |\n    three\n    lines\nwhen: 2020-01-01\n';
      const doc = parseDocument('# top\na: 1 # one\n');
      doc.set('b', [1, { c: true }]);
      return [
        parse(text),
        stringify({ a: [1, { b: 'x: y' }], t: 'long\ntext' }),
        String(doc),
        parseDocument('a: [').errors.map((error) => error.code),
      ];
    },
  },
  {
    package: 'js-yaml',
    run: ({ it }) => {
      const { load, dump } = it.load ? it : it.default;
      let reason;
      try {
        load('a: [');
      } catch (error) {
        reason = error.name;
      }
      return [load('a: &x [1, 2]\nb: *x\nc: >\n  folded\n  text\n'), dump({ a: [1, { b: null }], t: 'x\ny' }), reason];
    },
  },
  {
    package: 'smol-toml',
    run: ({ it: { parse, stringify } }) => [
      parse('title = "T"\n[owner]\nages = [1, 2]\n[[items]]\nn = 1.5\n[[items]]\nn = 0xff\n'),
      stringify({ a: { b: [1, 2], c: 'x' } }),
    ],
    note: 'also for `toml`',
  },
  {
    package: 'papaparse',
    run: ({ it }) => {
      const Papa = it.default ?? it;
      const { data, errors, meta } = Papa.parse('id,name\n1,"A, B"\n2,"C ""q"""\n3\n', {
        header: true,
        dynamicTyping: true,
        skipEmptyLines: true,
      });
      return [
        data,
        errors.map((error) => error.code),
        meta.fields,
        Papa.unparse([
          { a: 1, b: 'x,y' },
          { a: 2, b: null },
        ]),
      ];
    },
  },
  {
    package: 'fast-xml-parser',
    run: ({ it: { XMLParser, XMLBuilder, XMLValidator } }) => {
      const xml = '<r a="1"><i>x</i><i>2</i><!-- c --><t><![CDATA[<b>]]></t></r>';
      return [
        new XMLParser({ ignoreAttributes: false }).parse(xml),
        new XMLBuilder({ ignoreAttributes: false, format: true }).build({ r: { '@_a': 1, i: ['x', 2] } }),
        XMLValidator.validate('<a><b></a>').err?.code,
      ];
    },
  },
  {
    package: 'xml2js',
    run: async ({ it }) => {
      const { parseStringPromise, Builder } = it.default ?? it;
      return [
        await parseStringPromise('<r a="1"><i>x</i><i>2</i></r>'),
        new Builder({ headless: true }).buildObject({ r: { i: [1, 2] } }),
      ];
    },
    install: ['events', 'timers-browserify'],
    note: 'with the packages events and timers-browserify',
  },
  {
    package: 'qs',
    run: ({ it }) => {
      const { parse, stringify } = it.default ?? it;
      return [
        parse('a[b][c]=1&list[]=x&list[]=y&d=%C3%A9'),
        stringify({ a: { b: [1, 2] }, c: 'é ü', n: null }, { arrayFormat: 'brackets' }),
      ];
    },
  },
  {
    package: 'query-string',
    run: ({ it }) => {
      const q = it.default ?? it;
      return [
        { ...q.parse('a=1&b=x%20y&a=2', { parseNumbers: true }) },
        q.stringify({ b: [1, 2], a: 'é' }, { arrayFormat: 'comma' }),
        q.stringifyUrl({ url: 'https://x.example/?a=1', query: { b: 2 } }),
      ];
    },
  },
  {
    package: 'path-to-regexp',
    run: ({ it: { match, compile, parse } }) => {
      const found = match('/users/:id{/:page}')('/users/5/2');
      return [
        found.path,
        { ...found.params },
        match('/x')('/y'),
        compile('/a/:b')({ b: 'c d' }),
        parse('/*all').tokens.length,
      ];
    },
    note: 'also for `url-pattern`',
  },
];

const HTML = [
  {
    package: 'cheerio',
    run: ({ it: { load } }) => {
      const $ = load('<ul id="u"><li class="a">One</li><li>Two &amp; three</li></ul>');
      $('li.a').addClass('b').attr('data-x', '1');
      return [
        $('li')
          .map((_, each) => $(each).text())
          .get(),
        $('#u > li:nth-child(2)').text(),
        $.html('ul'),
        $('li').length,
      ];
    },
  },
  {
    package: 'htmlparser2',
    run: ({ it: { Parser, parseDocument, DomUtils } }) => {
      const seen = [];
      const parser = new Parser({
        onopentag: (name, attributes) => seen.push([name, { ...attributes }]),
        ontext: (text) => seen.push(text),
      });
      parser.write('<p id=x>a<br>&lt;b');
      parser.end();
      const document = parseDocument('<div><a href="/x">t</a></div>');
      return [
        seen,
        DomUtils.getOuterHTML(document),
        DomUtils.findOne((each) => each.name === 'a', document.children).attribs.href,
      ];
    },
  },
  {
    package: 'node-html-parser',
    run: ({ it }) => {
      const { parse } = it.parse ? it : it.default;
      const root = parse('<ul id="list"><li class="x y">A</li><li>B</li></ul>');
      root.querySelector('li').setAttribute('data-n', '1');
      return [
        root.querySelectorAll('li').map((each) => each.text),
        root.querySelector('#list .x').classNames,
        root.toString(),
      ];
    },
  },
  {
    package: 'marked',
    run: ({ it: { marked, parse, lexer } }) => [
      parse('# T\n\n* a\n* b **c**\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n\n```js\na < b\n```\n'),
      marked.parseInline('_x_ [l](https://e.example)'),
      lexer('a\n\n> b').map((token) => token.type),
    ],
  },
  {
    package: 'markdown-it',
    run: ({ it }) => {
      const MarkdownIt = it.default ?? it;
      const md = new MarkdownIt({ html: true, linkify: true, typographer: true });
      return [
        md.render('# T\n\n1. a\n2. *b*\n\n| x | y |\n|---|--:|\n| 1 | 2 |\n'),
        md.renderInline('"q" -- https://e.example (c)'),
      ];
    },
  },
];

const TEXTS = [
  {
    package: 'slugify',
    run: ({ it }) => {
      const slugify = it.default ?? it;
      return [slugify('Some Ärger & more!', { lower: true, strict: true }), slugify('a b', '_')];
    },
  },
  {
    package: 'validator',
    run: ({ it }) => {
      const v = it.default ?? it;
      return [
        v.isEmail('a@b.co'),
        v.isURL('https://x.example/y?z=1'),
        v.isIBAN('DE89370400440532013000'),
        v.isCreditCard('4111111111111111'),
        v.escape('<a>&'),
        v.normalizeEmail('A.b+c@gmail.com'),
        v.isUUID('no'),
        v.isStrongPassword('aB3$aB3$'),
      ];
    },
  },
  {
    package: 'libphonenumber-js',
    run: ({ it }) => {
      const { parsePhoneNumber, isValidPhoneNumber, AsYouType } = it.parsePhoneNumber ? it : it.default;
      const number = parsePhoneNumber('(213) 373-4253', 'US');
      return [
        number.number,
        number.formatInternational(),
        number.country,
        isValidPhoneNumber('12', 'DE'),
        new AsYouType('US').input('2133734'),
      ];
    },
  },
  {
    package: 'semver',
    run: ({ it }) => {
      const s = it.default ?? it;
      return [
        s.satisfies('1.2.3', '^1.0.0 || >=3'),
        s.inc('1.2.3-beta.1', 'prerelease'),
        s.sort(['1.10.0', '1.2.0', '1.2.0-a']),
        s.coerce('v2').version,
        s.minVersion('>1 <3').version,
        s.diff('1.0.0', '1.1.0'),
      ];
    },
  },
  {
    package: 'chance',
    run: ({ it }) => {
      const Chance = it.Chance ?? it.default ?? it;
      const chance = new Chance(42);
      return [
        chance.name(),
        chance.integer({ min: 1, max: 100 }),
        chance.email(),
        chance.pickset(['a', 'b', 'c'], 2),
        chance.guid(),
        chance.sentence({ words: 3 }),
      ];
    },
  },
  {
    package: '@faker-js/faker',
    run: ({ it: { faker } }) => {
      faker.seed(7);
      return [
        faker.person.fullName(),
        faker.internet.email(),
        faker.number.int(1000),
        faker.helpers.shuffle([1, 2, 3]),
        faker.lorem.words(3),
        faker.string.uuid(),
        faker.date.past({ refDate: '2024-01-01T00:00:00Z' }).toISOString(),
      ];
    },
    libraries: { it: '@faker-js/faker/locale/en' },
    title: '@faker-js/faker (`/locale/en`)',
  },
];

export const FORMATS = [...DATA, ...HTML, ...TEXTS];
