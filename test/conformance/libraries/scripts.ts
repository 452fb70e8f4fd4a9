/** A library, as it is imported, and a handler that uses much of it as `$lib.it`. */
export interface LibraryScript {
  readonly name: string;
  readonly handler: string;
}

export const SCRIPTS: readonly LibraryScript[] = [
  {
    name: 'liquidjs',
    handler: `
      const engine = new $lib.it.Liquid({ jsTruthy: true });
      const render = (template, data) => engine.parseAndRender(template, data);
      const products = [{ name: 'Tea', price: 3.5, tags: ['hot', 'green'] }, { name: 'Ice', price: 2, tags: ['cold'] }, { name: 'Rum', price: 20, tags: [] }];
      return [
        await render('{% for p in products %}{{ forloop.index }}/{{ forloop.length }} {{ p.name | upcase }}: {{ p.price | times: 2 | round: 1 }}{% unless forloop.last %}, {% endunless %}{% endfor %}', { products }),
        await render('{% for p in products reversed limit: 2 offset: 1 %}{% if p.price > 3 %}{{ p.name }}{% continue %}{% endif %}-{{ p.name }}{% endfor %}', { products }),
        await render('{% for p in products %}{% if p.name == "Ice" %}{% break %}{% endif %}{{ p.tags | join: "+" }}{% else %}none{% endfor %}', { products }),
        await render('{% assign sorted = products | sort: "price" | map: "name" %}{{ sorted | join: "," }} {{ products | where: "price", 2 | size }}', { products }),
        await render('{% case x %}{% when 1, 2 %}low{% when "a" %}text{% else %}other{% endcase %} {% capture c %}[{{ x }}]{% endcapture %}{{ c | append: "!" | replace: "[", "(" }}', { x: 2 }),
        await render('{% tablerow p in products cols: 2 %}{{ p.name | escape }}{% endtablerow %}', { products }),
        await render('{% cycle "a", "b" %}{% cycle "a", "b" %}{% increment n %}{% increment n %}{{ "now" | date: "%Y" | size }} {{ "2024-02-29T12:00:00Z" | date: "%d.%m.%y %H:%M", 0 }}', {}),
        await render('{{ "a,b,c" | split: "," | reverse | first }} {{ text | truncate: 8 }} {{ html | strip_html | strip }} {{ 5 | modulo: 3 }} {{ nothing | default: "d" }}', { text: 'a long text', html: '<b>x</b> ' }),
        await render('{% if a and b or c contains "x" %}yes{% elsif c %}else{% endif %}{% raw %}{{ raw }}{% endraw %}{% comment %}no{% endcomment %}', { a: true, b: false, c: ['x'] }),
        await render('{{ x | missing }}{% for %}', {}).catch((e) => e.name),
      ];`,
  },
  {
    name: 'rxjs',
    handler: `
      const { of, from, merge, concat, zip, combineLatest, Subject, BehaviorSubject, ReplaySubject, map, filter, scan, reduce, take, mergeMap, switchMap, concatMap, catchError, throwError, toArray, groupBy, distinctUntilChanged, pairwise, startWith, retry, defer, finalize, tap, bufferCount, lastValueFrom, firstValueFrom, share, withLatestFrom, expand, EMPTY, partition, observeOn, asapScheduler, queueScheduler } = $lib.it;
      const all = (observable) => lastValueFrom(observable.pipe(toArray()));
      const log = [];
      const subject = new Subject(); const seen = []; subject.pipe(scan((a, b) => a + b, 0), distinctUntilChanged()).subscribe({ next: (x) => seen.push(x), complete: () => seen.push('end') });
      for (const x of [1, 0, 2, 3]) subject.next(x); subject.complete();
      const replay = new ReplaySubject(2); for (const x of [1, 2, 3]) replay.next(x); replay.complete();
      let tries = 0;
      const [even, odd] = partition(of(1, 2, 3, 4), (x) => x % 2 === 0);
      return [
        seen, await all(replay), await all(of(1, 2, 3).pipe(map((x) => x * 2), filter((x) => x > 2), pairwise())),
        await all(merge(of(1, 2), from(Promise.resolve(3)), from([4]))), await all(concat(of('a'), from([5, 6]))), await all(zip(of(1, 2, 3), of('x', 'y'))), await all(combineLatest([of(1, 2), of('a', 'b')])),
        await all(of(1, 2).pipe(mergeMap((x) => of(x, x * 10)), concatMap((x) => from(Promise.resolve(x))), switchMap((x) => of(x, -x)))),
        await all(throwError(() => new RangeError('r')).pipe(catchError((e) => of(e.name)), startWith('s'), finalize(() => log.push('final')))),
        await all(from(['a1', 'b1', 'a2']).pipe(groupBy((x) => x[0]), mergeMap((g) => g.pipe(reduce((a, x) => a + x, g.key + ':'))))),
        await all(defer(() => (tries++ < 2 ? throwError(() => new Error('again')) : of('done after ' + tries))).pipe(retry(3))), await all(of(1, 2, 3, 4, 5).pipe(bufferCount(2), tap((b) => log.push(b.length)))),
        await firstValueFrom(new BehaviorSubject(7)), await all(of(1).pipe(expand((x) => (x < 20 ? of(x * 3) : EMPTY)))), await all(even), await all(odd), await all(of(1, 2).pipe(observeOn(queueScheduler), withLatestFrom(of('z')))),
        await lastValueFrom(EMPTY).catch((e) => e.name), await all(from(new Map([[1, 2]]))), log,
      ];`,
  },
  {
    name: 'mathjs',
    handler: `
      const m = $lib.it.create($lib.it.all, {});
      const show = (x) => m.format(x, { precision: 10 });
      return [
        show(m.evaluate('1.2 * (2 + 4.5)')), show(m.evaluate('12.7 cm to inch')), show(m.evaluate('sin(45 deg) ^ 2')), show(m.evaluate('det([-1, 2; 3, 1])')), show(m.evaluate('a = 3; b = a * 2; [a, b, a + b]')), show(m.evaluate('f(x, y) = x ^ y; f(2, 10)')),
        show(m.inv([[1, 2], [3, 4]])), show(m.multiply([[1, 2], [3, 4]], [[5], [6]])), show(m.eigs([[2, 0], [0, 3]]).values), show(m.lusolve([[2, 1], [1, 3]], [3, 5])), show(m.complex('2 + 3i').mul(m.complex(1, -1))), show(m.sqrt(-4)),
        show(m.fraction('1/3').add(m.fraction(1, 6))), show(m.bignumber('0.1').plus('0.2')), show(m.divide(m.bignumber(1), m.bignumber(3))), show(m.factorial(20)), show(m.gcd(84, 36)), show(m.combinations(10, 3)), show(m.mean([1, 2, 3, 10])), show(m.std([1, 2, 3, 4])), show(m.median([5, 1, 3])),
        m.simplify('2 * x + 3 * x').toString(), m.derivative('x ^ 3 + 2 * x', 'x').toString(), m.parse('a + b * c').toTex(), m.rationalize('1 / x + 1').toString(), m.typeOf(m.unit('5 kg')), show(m.unit('5 km').to('mile')), show(m.range(0, 10, 3)), show(m.matrix([[1, 2], [3, 4]]).map((x) => x * 2)),
        show(m.bitAnd(12, 10)), show(m.evaluate('1 == 2 or 3 inch > 7 cm')), show(m.setUnion([1, 2], [2, 3])), (() => { try { return m.evaluate('1 +'); } catch (e) { return e.name; } })(), show(m.bigint?.('123456789012345678901234567890') ?? 0),
      ];`,
  },
  {
    name: 'jsonata',
    handler: `
      const jsonata = $lib.it.default ?? $lib.it;
      const data = { account: 'A1', orders: [{ id: 'o1', lines: [{ sku: 'x', price: 2.5, n: 4 }, { sku: 'y', price: 10, n: 1 }] }, { id: 'o2', lines: [{ sku: 'x', price: 2.5, n: 2 }] }], tags: ['b', 'a', 'c'] };
      const ask = async (query, bindings) => { try { return JSON.parse(JSON.stringify((await jsonata(query).evaluate(data, bindings)) ?? null)); } catch (e) { return e.code; } };
      return [
        await ask('$sum(orders.lines.(price * n))'), await ask('orders.lines[price > 3].sku'), await ask('orders{id: $sum(lines.n)}'), await ask('$sort(tags)'), await ask('tags^(>$)'), await ask('orders.lines.{"s": $uppercase(sku), "t": price * n}'), await ask('$map(orders, function($o, $i) { $o.id & "-" & $i })'), await ask('$reduce([1..5], function($a, $b) { $a * $b })'),
        await ask('($fact := function($n) { $n < 2 ? 1 : $n * $fact($n - 1) }; $fact(10))'), await ask('$filter(tags, function($t) { $t != "a" }) ~> $join("|")'), await ask('orders[-1].id'), await ask('**.sku'), await ask('$replace("abcabc", /b(c)/, "[$1]")'), await ask('$match("a1b22", /[0-9]+/).match'), await ask('$formatNumber(1234.5, "#,##0.00")'), await ask('$fromMillis(0, "[Y0001]-[M01]-[D01]")'), await ask('$toMillis("2020-01-01T00:00:00Z")'),
        await ask('$lookup($, "account")'), await ask('$merge([{"a":1},{"b":2}])'), await ask('$distinct(orders.lines.sku)'), await ask('$x + 1', { x: 41 }), await ask('$each(orders[0], function($v, $k) { $k })'), await ask('orders.lines#$i.{"i": $i, "s": sku}'), await ask('$string({"a": [1, null]})'), await ask('1 +'), await ask('$number("x")'), await ask('$ ~> |orders.lines|{"price": price * 2}| ~> function($v) { $sum($v.orders.lines.price) }'),
      ];`,
  },
  {
    name: 'zod',
    handler: `
      const { z } = $lib.it;
      const user = z.object({ id: z.number().int().positive(), name: z.string().min(2).trim(), mail: z.email().optional(), role: z.enum(['admin', 'user']).default('user'), tags: z.array(z.string()).max(3).nullish(), at: z.coerce.date(), meta: z.record(z.string(), z.unknown()).optional() });
      const judge = (schema, value) => { const { success, data, error } = schema.safeParse(value); return success ? ['ok', data] : ['bad', error.issues.map(({ code, path }) => [code, path.join('.')])]; };
      const shape = z.discriminatedUnion('kind', [z.object({ kind: z.literal('circle'), r: z.number() }), z.object({ kind: z.literal('box'), w: z.number(), h: z.number() }).strict()]);
      const tree = z.object({ value: z.number(), get children() { return z.array(tree).optional(); } });
      return [
        judge(user, { id: 1, name: ' Ann ', at: '2020-01-01T00:00:00Z' }), judge(user, { id: -1.5, name: 'A', mail: 'x', role: 'boss', tags: ['a', 'b', 'c', 4], at: 'never' }), judge(shape, { kind: 'box', w: 1, h: 2 }), judge(shape, { kind: 'box', w: 1, h: 2, d: 3 }), judge(shape, { kind: 'line' }),
        judge(tree, { value: 1, children: [{ value: 2, children: [] }] }), judge(tree, { value: 1, children: [{ value: 'x' }] }), judge(z.string().transform((s) => s.length).pipe(z.number().max(3)), 'abcd'), judge(z.string().refine((s) => s.startsWith('x'), 'must'), 'y'), judge(z.tuple([z.string(), z.number()]).rest(z.boolean()), ['a', 1, true]), judge(z.map(z.string(), z.number()), new Map([['a', 1]])), judge(z.set(z.number()).min(2), new Set([1])),
        judge(z.bigint().gt(5n), 7n), judge(z.union([z.string(), z.number()]), true), judge(z.intersection(z.object({ a: z.string() }), z.object({ b: z.number() })), { a: 'x', b: 1 }), judge(user.partial().pick({ id: true }), {}), judge(z.looseObject({ a: z.number() }), { a: 1, b: 2 }), await z.string().refine(async (s) => s !== 'no').safeParseAsync('no').then((r) => r.success), judge(z.preprocess((v) => Number(v), z.number()), '5'), judge(z.iso.datetime(), '2020-01-01T00:00:00Z'), judge(z.uuid(), 'no'), judge(z.templateLiteral(['a', z.number()]), 'a5'),
        (() => { try { z.number().parse('x'); } catch (e) { return [e.name, e.issues.length]; } })(), z.toJSONSchema(z.object({ a: z.string().min(1), b: z.number().optional() })),
      ];`,
  },
  {
    name: 'lodash',
    handler: `
      const _ = $lib.it.default ?? $lib.it;
      const users = [{ n: 'b', a: 40, on: true }, { n: 'a', a: 36, on: false }, { n: 'c', a: 40, on: true }];
      const calls = [];
      return [
        _.chunk([1, 2, 3, 4, 5], 2), _.groupBy(users, 'a'), _.sortBy(users, ['a', 'n']), _.orderBy(users, ['a', 'n'], ['desc', 'asc']), _.keyBy(users, 'n'), _.countBy(users, 'on'), _.partition(users, 'on'), _.uniqBy([{ x: 1 }, { x: 1 }, { x: 2 }], 'x'), _.difference([1, 2, 3], [2]), _.zipObject(['a', 'b'], [1, 2]), _.flattenDeep([1, [2, [3, [4]]]]), _.intersectionWith([{ a: 1 }], [{ a: 1 }], _.isEqual),
        _.get({ a: [{ b: { c: 3 } }] }, 'a[0].b.c'), _.set({}, 'a[0].b', 1), _.merge({ a: [{ b: 1 }] }, { a: [{ c: 2 }] }), _.cloneDeep({ d: new Date(0), m: new Map([[1, { x: 1 }]]), s: new Set([1]), r: /a/g.source }), _.isEqual({ a: [1, NaN] }, { a: [1, NaN] }), _.pick({ a: 1, b: 2 }, ['a']), _.omit({ a: 1, b: 2 }, 'a'), _.mapValues({ a: 1 }, (x) => x + 1), _.invert({ a: 1 }), _.defaultsDeep({ a: { b: 1 } }, { a: { c: 2 } }), _.transform([1, 2], (r, x) => r.push(x * 2), []),
        _.camelCase('foo-bar baz'), _.kebabCase('fooBar'), _.startCase('foo_bar'), _.escape('<a&"b">'), _.truncate('a long text', { length: 6 }), _.padStart('5', 3, '0'), _.words('one two-three'), _.deburr('déjà'), _.repeat('ab', 2),
        _.range(0, 10, 3), _.sum([1, 2]), _.meanBy(users, 'a'), _.clamp(5, 0, 3), _.inRange(3, 1, 4), _.maxBy(users, 'a').n, _.chain([3, 1, 2]).sort().map((x) => x * 2).reverse().value(), _.memoize((x) => x * 2)(4), _.once(() => calls.push(1))(), _.curry((a, b, c) => a + b + c)(1)(2)(3), _.flow([(x) => x + 1, (x) => x * 2])(3), _.partial((a, b) => [a, b], _, 1)(2), _.times(3, String), calls,
      ];`,
  },
];
