// Checking and querying values. Each program runs in Node and in a handler, and returns plain data.

const CHECKING = [
  {
    package: 'zod',
    run: ({ it: { z } }) => {
      const user = z.object({
        id: z.number().int().positive(),
        name: z.string().min(2).trim(),
        mail: z.email().optional(),
        role: z.enum(['admin', 'user']).default('user'),
        at: z.coerce.date(),
      });
      const judge = (schema, value) => {
        const { success, data, error } = schema.safeParse(value);
        return success ? data : error.issues.map(({ code, path, message }) => [code, path.join('.'), message]);
      };
      const shape = z.discriminatedUnion('kind', [
        z.object({ kind: z.literal('circle'), r: z.number() }),
        z.object({ kind: z.literal('box'), w: z.number() }),
      ]);
      return [
        judge(user, { id: 1, name: ' Ann ', at: '2020-01-01T00:00:00Z' }),
        judge(user, { id: -1.5, name: 'A', mail: 'x', role: 'boss', at: 'never' }),
        judge(shape, { kind: 'box', w: 1 }),
        judge(shape, { kind: 'line' }),
        judge(
          z
            .string()
            .transform((s) => s.length)
            .pipe(z.number().max(3)),
          'abcd',
        ),
        z.toJSONSchema(z.object({ a: z.string().optional(), b: z.array(z.number()) })),
        z.prettifyError(user.safeParse({}).error),
      ];
    },
  },
  {
    package: 'valibot',
    run: ({ it: v }) => {
      const schema = v.pipe(
        v.object({ mail: v.pipe(v.string(), v.email()), age: v.optional(v.pipe(v.number(), v.minValue(18)), 20) }),
        v.transform((user) => ({ ...user, ok: true })),
      );
      const judge = (value) => {
        const { success, output, issues } = v.safeParse(schema, value);
        return success ? output : v.flatten(issues);
      };
      return [judge({ mail: 'a@b.co' }), judge({ mail: 'x', age: 3 }), judge(null), v.is(v.picklist(['a', 'b']), 'c')];
    },
  },
  {
    package: 'yup',
    run: async ({ it: yup }) => {
      const schema = yup.object({
        name: yup.string().required().min(2),
        age: yup.number().integer().min(0).default(1),
        tags: yup.array(yup.string().oneOf(['a', 'b'])),
      });
      const judge = (value) =>
        schema.validate(value, { abortEarly: false }).then(
          (data) => data,
          (error) => [error.name, error.errors],
        );
      return [
        await judge({ name: 'Ann', age: '5' }),
        await judge({ age: -1, tags: ['c'] }),
        schema.isValidSync({ name: 'Bob' }),
        schema.cast({ name: 5 }),
      ];
    },
  },
  {
    package: 'joi',
    run: ({ it }) => {
      const Joi = it.default ?? it;
      const schema = Joi.object({
        name: Joi.string().min(2).required(),
        age: Joi.number().integer(),
        mail: Joi.string().email({ tlds: false }),
      }).with('age', 'mail');
      const judge = (value) => {
        const { error, value: data } = schema.validate(value, { abortEarly: false });
        return error === undefined ? data : error.details.map(({ type, path, message }) => [type, path, message]);
      };
      return [
        judge({ name: 'Ann', age: '5', mail: 'a@b.co' }),
        judge({ name: 'A', age: 1.5 }),
        Joi.attempt('7', Joi.number()),
      ];
    },
  },
  {
    package: 'ajv',
    run: ({ it }) => {
      const Ajv = it.default ?? it;
      const validate = new Ajv({ allErrors: true }).compile({
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'integer', minimum: 2 } },
      });
      return [validate({ a: 3 }), validate({ a: 1.5 }), validate.errors?.map((error) => error.keyword)];
    },
    instead: 'standalone code of ajv, generated on the host (next row), or @cfworker/json-schema, zod, valibot',
  },
  {
    package: 'ajv',
    title: 'ajv, standalone',
    prepare: ({ ajv, standalone }) => {
      const Ajv = ajv.default ?? ajv;
      const generate = standalone.default ?? standalone;
      const compiler = new Ajv({ allErrors: true, code: { source: true } });
      const validate = compiler.compile({
        type: 'object',
        required: ['a'],
        properties: { a: { type: 'integer', minimum: 2 } },
      });
      return { validate: { source: generate(compiler, validate) } };
    },
    host: { ajv: 'ajv', standalone: 'ajv/dist/standalone/index.js' },
    run: ({ validate }) => [
      validate({ a: 3 }),
      validate({ a: 1.5 }),
      validate.errors.map((error) => error.keyword),
      validate({}),
    ],
    note: '`standaloneCode` on the host; the handler has the function',
  },
];

const QUERIES = [
  {
    package: 'jsonata',
    run: async ({ it }) => {
      const jsonata = it.default ?? it;
      const data = {
        orders: [
          {
            id: 'o1',
            lines: [
              { sku: 'x', price: 2.5, n: 4 },
              { sku: 'y', price: 10, n: 1 },
            ],
          },
          { id: 'o2', lines: [{ sku: 'x', price: 2.5, n: 2 }] },
        ],
      };
      const ask = async (query) => JSON.parse(JSON.stringify((await jsonata(query).evaluate(data)) ?? null));
      return [
        await ask('$sum(orders.lines.(price * n))'),
        await ask('orders{id: $sum(lines.n)}'),
        await ask('orders.lines[price > 3].sku'),
        await ask('($f := function($n) { $n < 2 ? 1 : $n * $f($n - 1) }; $f(10))'),
        await ask('$formatNumber(1234.5, "#,##0.00")'),
        await ask('$fromMillis(0, "[Y0001]-[M01]-[D01]")'),
        await ask('1 +').catch((error) => error.code),
      ].flat();
    },
  },
  {
    package: 'jmespath',
    run: ({ it }) => {
      const { search } = it.default ?? it;
      const data = {
        people: [
          { name: 'Ann', age: 30, tags: ['x'] },
          { name: 'Bob', age: 20, tags: ['y', 'z'] },
        ],
      };
      return [
        search(data, 'people[?age > `25`].name'),
        search(data, 'sort_by(people, &age)[0].name'),
        search(data, 'people[].tags[]'),
        search(data, '{n: length(people), first: people[0].name}'),
      ];
    },
  },
  {
    package: 'jsonpath-plus',
    run: ({ it: { JSONPath } }) => {
      const json = {
        store: {
          book: [
            { price: 8, title: 'a' },
            { price: 12, title: 'b' },
          ],
          bicycle: { price: 20 },
        },
      };
      return [
        JSONPath({ path: '$..price', json }),
        JSONPath({ path: '$.store.book[?(@.price < 10)].title', json, eval: 'safe' }),
        JSONPath({ path: '$.store.book[-1:]', json }),
        JSONPath({ path: '$..book[0]', json, resultType: 'path' }),
      ];
    },
    note: "filters with `eval: 'safe'`",
  },
  {
    package: 'fast-json-patch',
    run: ({ it }) => {
      const { compare, applyPatch, applyOperation, validate } = it.default ?? it;
      const before = { a: 1, list: [1, 2] };
      const patch = compare(before, { a: 2, list: [1], b: {} });
      return [
        patch,
        applyPatch({ a: 1, list: [1, 2] }, patch).newDocument,
        applyOperation({}, { op: 'add', path: '/x', value: 1 }).newDocument,
        validate([{ op: 'remove', path: '/no' }], {})?.name,
      ];
    },
  },
  {
    package: 'fuse.js',
    run: ({ it }) => {
      const Fuse = it.default ?? it;
      const fuse = new Fuse(
        [
          { title: 'Old Man and the Sea', by: 'Hemingway' },
          { title: 'The Great Gatsby', by: 'Fitzgerald' },
        ],
        { keys: ['title', 'by'], includeScore: true, threshold: 0.4 },
      );
      return [fuse.search('gatsbi'), fuse.search('hemingwey').map(({ item }) => item.by), fuse.search('zzz')];
    },
  },
  {
    package: 'minisearch',
    run: ({ it }) => {
      const MiniSearch = it.default ?? it;
      const index = new MiniSearch({ fields: ['title', 'text'], storeFields: ['title'] });
      index.addAll([
        { id: 1, title: 'Moby Dick', text: 'Call me Ishmael' },
        { id: 2, title: 'Zen', text: 'motorcycle maintenance' },
      ]);
      const again = MiniSearch.loadJSON(JSON.stringify(index), { fields: ['title', 'text'], storeFields: ['title'] });
      return [
        index.search('ishmael'),
        again.search('moto', { prefix: true }).map(({ title }) => title),
        index.autoSuggest('zen'),
      ];
    },
  },
];

export const SCHEMAS = [...CHECKING, ...QUERIES];
