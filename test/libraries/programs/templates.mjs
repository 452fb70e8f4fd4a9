// Template engines: as they are, and with templates that the host compiled.

export const TEMPLATES = [
  {
    package: 'handlebars',
    run: ({ it }) => {
      const Handlebars = it.default ?? it;
      return [Handlebars.compile('{{#each list}}{{@index}}: {{this}} {{/each}}')({ list: ['a', 'b'] })];
    },
    instead: 'precompiled templates (next row), or mustache',
  },
  {
    package: 'handlebars',
    title: 'handlebars, precompiled',
    host: { handlebars: 'handlebars' },
    prepare: ({ handlebars }) => {
      const template = (handlebars.default ?? handlebars).precompile(
        '{{#each list}}{{@index}}: {{shout this}}{{#unless @last}}, {{/unless}}{{else}}none{{/each}} {{{raw}}} {{raw}}',
      );
      return { templates: { source: `exports.list = ${template};` } };
    },
    libraries: { handlebars: 'handlebars/runtime.js' },
    run: ({ handlebars, templates }) => {
      const engine = handlebars.default ?? handlebars;
      engine.registerHelper('shout', (text) => `${text}!`);
      const render = engine.template(templates.list);
      return [render({ list: ['a', 'b'], raw: '<i>' }), render({ list: [], raw: '' })];
    },
    note: '`Handlebars.precompile` on the host, `handlebars/runtime.js` in handlers',
  },
  {
    package: 'mustache',
    run: ({ it }) => {
      const Mustache = it.default ?? it;
      return [
        Mustache.render(
          '{{#list}}<{{name}}>{{^last}}, {{/last}}{{/list}}{{{raw}}}{{>part}}',
          { list: [{ name: 'a&' }, { name: 'b', last: true }], raw: '<i>' },
          { part: ' [{{raw}}]' },
        ),
        Mustache.parse('{{a}} {{#b}}{{/b}}').length,
      ];
    },
  },
  {
    package: 'liquidjs',
    run: async ({ it: { Liquid } }) => {
      const engine = new Liquid({ jsTruthy: true });
      const products = [
        { name: 'Tea', price: 3.5 },
        { name: 'Ice', price: 2 },
      ];
      return [
        await engine.parseAndRender(
          '{% for p in products %}{{ forloop.index }} {{ p.name | upcase }}: {{ p.price | times: 2 }}{% unless forloop.last %}, {% endunless %}{% endfor %}',
          { products },
        ),
        engine.parseAndRenderSync('{{ "a,b" | split: "," | reverse | join: "-" }}{% if a contains "x" %}y{% endif %}', {
          a: ['x'],
        }),
      ];
    },
  },
  {
    package: 'nunjucks',
    run: ({ it }) => {
      const nunjucks = it.default ?? it;
      return [nunjucks.renderString('{% for x in list %}{{ x | upper }}{% endfor %}', { list: ['a'] })];
    },
    libraries: { it: 'nunjucks/browser/nunjucks.js' },
    title: 'nunjucks',
    instead: 'precompiled templates (next row), or liquidjs',
  },
  {
    package: 'nunjucks',
    title: 'nunjucks, precompiled',
    host: { nunjucks: 'nunjucks' },
    prepare: ({ nunjucks }) => {
      const { precompileString } = nunjucks.default ?? nunjucks;
      const wrapper = (templates) =>
        templates
          .map(({ name, template }) => `exports[${JSON.stringify(name)}] = (function () {${template}})();`)
          .join('\n');
      return {
        templates: {
          source: precompileString(
            '{% macro b(x) %}<b>{{ x }}</b>{% endmacro %}{% for x in list %}{{ b(x | upper) }}{{ "," if not loop.last }}{% else %}none{% endfor %}',
            { name: 'list', wrapper },
          ),
        },
      };
    },
    libraries: { nunjucks: 'nunjucks/browser/nunjucks-slim.js' },
    run: ({ nunjucks, templates }) => {
      const { Environment, Template } = nunjucks.default ?? nunjucks;
      const environment = new Environment([]);
      const render = (context) =>
        new Template({ type: 'code', obj: templates.list }, environment, 'list', true).render(context);
      return [render({ list: ['a', '<b'] }), render({ list: [] })];
    },
    note: '`precompileString` on the host, `nunjucks-slim` in handlers',
  },
  {
    package: 'ejs',
    run: ({ it }) => [(it.default ?? it).render('<% for (const x of list) { %><%= x %>,<% } %>', { list: ['a'] })],
    instead: 'precompiled templates (next row), or liquidjs',
  },
  {
    package: 'ejs',
    title: 'ejs, precompiled',
    host: { ejs: 'ejs' },
    prepare: ({ ejs }) => {
      const { Template, escapeXML } = ejs.Template ? ejs : ejs.default;
      const template = new Template('<% for (const x of list) { %><%= x %>,<%- raw %><% } %>', { compileDebug: false });
      template.compile();
      // `escapeXML` is a text of several statements.
      const head = `var escapeFn = ${escapeXML}`;
      return { templates: { source: `${head}\nexports.list = function (locals) {${template.source}\n};` } };
    },
    run: ({ templates }) => [templates.list({ list: ['a', '<b'], raw: '<i>' })],
    note: 'the property `source` of a compiled `Template`; nothing else in handlers',
  },
  {
    package: 'eta',
    run: ({ it: { Eta } }) => [
      new Eta().renderString('<% it.list.forEach((x) => { %><%= x %>,<% }) %>', { list: ['a'] }),
    ],
    libraries: { it: 'eta/core' },
    title: 'eta (`eta/core`)',
    instead: 'precompiled templates (next row), or liquidjs',
  },
  {
    package: 'eta',
    title: 'eta, precompiled',
    host: { eta: 'eta' },
    prepare: ({ eta: { Eta } }) => {
      const eta = new Eta();
      const body = eta.compileToString('<% it.list.forEach((x) => { %><%= x %>,<% }) %><%~ it.raw %>');
      return { templates: { source: `exports.list = function (it, options) {${body}\n};` } };
    },
    libraries: { eta: 'eta/core' },
    run: ({ eta: { Eta }, templates }) => {
      const eta = new Eta();
      return [eta.render(templates.list, { list: ['a', '<b'], raw: '<i>' })];
    },
    note: '`compileToString` on the host, `eta/core` in handlers',
  },
  {
    package: 'pug',
    run: ({ it }) => [(it.default ?? it).render('ul\n  each x in list\n    li= x\n', { list: ['a'] })],
    instead: 'precompiled templates (next row)',
  },
  {
    package: 'pug',
    title: 'pug, precompiled',
    host: { pug: 'pug' },
    prepare: ({ pug }) => {
      const { compileClient } = pug.compileClient ? pug : pug.default;
      const body = compileClient('ul(class=kind)\n  each x, i in list\n    li(data-i=i)= x\n  else\n    li none\n', {
        name: 'render',
        compileDebug: false,
      });
      return { templates: { source: `${body}\nexports.list = render;` } };
    },
    run: ({ templates }) => [
      templates.list({ list: ['a', '<b'], kind: ['x', 'y'] }),
      templates.list({ list: [], kind: null }),
    ],
    note: '`compileClient` on the host; nothing else in handlers',
  },
  {
    package: 'lodash',
    title: 'lodash `_.template`',
    run: ({ it: _ }) => [_.template('<% _.forEach(list, (x) => { %><%- x %>,<% }); %>')({ list: ['a'] })],
    instead: 'the `source` of a template that the host compiled (next row)',
  },
  {
    package: 'lodash',
    title: 'lodash `_.template`, precompiled',
    host: { lodash: 'lodash' },
    prepare: ({ lodash }) => {
      const { source } = (lodash.default ?? lodash).template('<% list.forEach((x) => { %><%- x %>,<% }); %><%= raw %>');
      return { templates: { source: `const _ = { escape: $lib.lodash.escape }; exports.list = ${source};` } };
    },
    libraries: { lodash: 'lodash' },
    run: ({ templates }) => [templates.list({ list: ['a', '<b'], raw: '<i>' })],
    note: 'the property `source` of a compiled template',
  },
];
