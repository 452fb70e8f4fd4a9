// Values: collections, numbers, dates. Each program runs in Node and in a handler, and returns plain data.

/** A package whose value is the default export of an ES module, or module.exports. */
const COLLECTIONS = [
  {
    package: 'lodash',
    run: ({ it: _ }) => {
      const rows = [
        { id: 1, tag: 'b', n: 3 },
        { id: 2, tag: 'a', n: 1 },
        { id: 3, tag: 'b', n: 2 },
      ];
      const render = _.memoize((name) => `hi ${_.capitalize(name)}`);
      return [
        _.groupBy(rows, 'tag'),
        _.sortBy(rows, ['tag', 'n']),
        _.chunk(_.range(7), 3),
        _.merge({ a: { b: 1 } }, { a: { c: [2] } }),
        _.cloneDeep({ d: new Date(0), m: new Map([[1, { x: 1 }]]) }),
        _.get({ a: [{ b: { c: 3 } }] }, 'a[0].b.c', 'default'),
        _(rows).filter({ tag: 'b' }).map('n').sum(),
        _.flow([_.trim, _.toUpper])(' x '),
        render('bob'),
        _.isEqual({ a: [1, new Set([2])] }, { a: [1, new Set([2])] }),
        _.kebabCase('fooBar Baz'),
        _.orderBy(rows, ['n'], ['desc']).map((row) => row.id),
        _.pickBy({ a: 1, b: null }, _.identity),
        _.words('one, two & three'),
      ];
    },
  },
  {
    package: 'lodash-es',
    run: ({ it: { default: all, chunk, debounce, partition, zipObject, camelCase } }) => [
      chunk([1, 2, 3], 2),
      typeof debounce,
      partition([1, 2, 3, 4], (n) => n % 2),
      zipObject(['a', 'b'], [1, 2]),
      camelCase('foo-bar'),
      all([3, 1, 2]).sortBy().value(),
    ],
  },
  {
    package: 'ramda',
    run: ({ it: R }) => [
      R.pipe(
        R.filter((x) => x > 1),
        R.map(R.multiply(2)),
        R.sum,
      )([1, 2, 3]),
      R.assocPath(['a', 'b', 0], 1, {}),
      R.groupBy((s) => s[0], ['ab', 'ac', 'b']),
      R.over(R.lensPath(['x', 'y']), R.inc, { x: { y: 1 } }),
      R.curry((a, b, c) => a + b + c)(1)(2)(3),
      R.equals({ a: [1] }, { a: [1] }),
      R.converge(R.divide, [R.sum, R.length])([1, 2, 3]),
      R.transduce(R.compose(R.map(R.inc), R.take(2)), R.flip(R.append), [], [1, 2, 3]),
    ],
  },
  {
    package: 'immer',
    run: ({ it: { produce, produceWithPatches, enablePatches, current, isDraft, enableMapSet } }) => {
      enablePatches();
      enableMapSet();
      const before = { list: [{ done: false }], map: new Map([['a', 1]]), deep: { x: { y: 1 } } };
      const after = produce(before, (draft) => {
        draft.list[0].done = true;
        draft.list.push({ done: current(draft.list[0]).done && isDraft(draft) });
        draft.map.set('b', 2);
      });
      const [, patches] = produceWithPatches({ a: { b: 1 } }, (draft) => {
        draft.a.b = 2;
        draft.c = 3;
      });
      return [after, before.list, before.deep === after.deep, patches, Object.isFrozen(after)];
    },
  },
  {
    package: 'immutable',
    run: ({ it: { Map: OfKeys, List, Record, fromJS, is, Range, OrderedSet } }) => {
      const Point = Record({ x: 0, y: 0 });
      return [
        OfKeys({ a: 1 }).set('b', 2).toJS(),
        List([3, 1, 2]).sort().toArray(),
        fromJS({ a: { b: [1, 2] } })
          .setIn(['a', 'b', 1], 5)
          .toJS(),
        is(OfKeys({ a: List([1]) }), OfKeys({ a: List([1]) })),
        Range(0, Infinity)
          .filter((n) => n % 3 === 0)
          .take(4)
          .toArray(),
        new Point({ x: 2 }).set('y', 3).toJS(),
        OrderedSet([2, 1, 2]).toArray(),
        String(OfKeys({ a: 1 })),
      ];
    },
  },
  {
    package: 'rxjs',
    run: async ({
      it: {
        of,
        from,
        merge,
        map,
        filter,
        scan,
        mergeMap,
        toArray,
        lastValueFrom,
        Subject,
        groupBy,
        reduce,
        catchError,
        throwError,
      },
    }) => {
      const subject = new Subject();
      const seen = [];
      subject.pipe(scan((sum, n) => sum + n, 0)).subscribe((n) => seen.push(n));
      for (const n of [1, 2, 3]) subject.next(n);
      const all = (observable) => lastValueFrom(observable.pipe(toArray()));
      return [
        seen,
        await all(
          of(1, 2, 3).pipe(
            map((n) => n * 2),
            filter((n) => n > 2),
          ),
        ),
        await all(merge(of(1), from(Promise.resolve(2)))),
        await all(
          from(['a1', 'b1', 'a2']).pipe(
            groupBy((s) => s[0]),
            mergeMap((group) => group.pipe(reduce((sum, s) => sum + s, ''))),
          ),
        ),
        await all(throwError(() => new RangeError('r')).pipe(catchError((error) => of(error.name)))),
      ];
    },
  },
];

const NUMBERS = [
  {
    package: 'mathjs',
    run: ({ it: { create, all } }) => {
      const m = create(all, {});
      const show = (value) => m.format(value, { precision: 10 });
      return [
        show(m.evaluate('1.2 * (2 + 4.5)')),
        show(m.evaluate('12.7 cm to inch')),
        show(m.evaluate('det([-1, 2; 3, 1])')),
        show(m.evaluate('f(x, y) = x ^ y; f(2, 10)')),
        m.simplify('2 * x + 3 * x').toString(),
        m.derivative('x ^ 3 + 2 * x', 'x').toString(),
        show(m.complex('2 + 3i').mul(m.complex(1, -1))),
        show(m.bignumber('0.1').plus('0.2')),
        show(m.fraction('1/3').add(m.fraction(1, 6))),
        show(
          m.inv([
            [1, 2],
            [3, 4],
          ]),
        ),
        show(m.std([1, 2, 3, 4])),
      ];
    },
  },
  {
    package: 'decimal.js',
    run: ({ it }) => {
      const Decimal = it.default ?? it;
      Decimal.set({ precision: 40 });
      return [
        new Decimal('0.1').plus('0.2').toString(),
        new Decimal(2).sqrt().toString(),
        Decimal.exp(1).toString(),
        new Decimal('123.456').toFixed(1, Decimal.ROUND_UP),
        new Decimal(1).div(3).toSignificantDigits(5).toString(),
        Decimal.sin('0.5').toString(),
        new Decimal('1e500').times('1e-499').toString(),
      ];
    },
  },
  {
    package: 'bignumber.js',
    run: ({ it }) => {
      const BigNumber = it.BigNumber ?? it.default ?? it;
      return [
        new BigNumber('0.3').minus('0.1').toString(),
        new BigNumber(255).toString(16),
        new BigNumber('1234567.891').toFormat(2),
        new BigNumber(2).pow(200).toFixed(),
        new BigNumber('1e-7').toString(),
        new BigNumber(7).idiv(2).toNumber(),
      ];
    },
  },
  {
    package: 'big.js',
    run: ({ it }) => {
      const Big = it.default ?? it;
      return [
        Big('0.1').plus('0.2').toString(),
        Big(2).sqrt().toFixed(10),
        Big(10).div(3).round(3).toString(),
        Big('1e30').toFixed(),
        Big(3).cmp(2),
      ];
    },
  },
  {
    package: 'fraction.js',
    run: ({ it }) => {
      const Fraction = it.Fraction ?? it.default ?? it;
      return [
        new Fraction(1, 3).add('1/6').toFraction(),
        new Fraction('0.(6)').toString(),
        new Fraction(22, 7).toContinued().map(String),
        new Fraction('5/4').toFraction(true),
        new Fraction(2, 4).equals('1/2'),
      ];
    },
  },
  {
    package: 'simple-statistics',
    run: ({ it }) => {
      const s = it.default ?? it;
      return [
        s.mean([1, 2, 3]),
        s.median([5, 1, 9, 3]),
        s.standardDeviation([1, 2, 3, 4]),
        s.linearRegression([
          [0, 0],
          [1, 2],
          [2, 4],
        ]),
        s.quantile([1, 2, 3, 4, 5], 0.9),
        s.ckmeans([1, 2, 10, 11], 2),
        s.sampleCorrelation([1, 2, 3], [2, 4, 7]),
      ];
    },
  },
  {
    package: 'd3-array',
    run: ({ it: { group, rollup, bin, extent, ticks, bisect, sum, deviation, ascending, range, quantile } }) => [
      [
        ...group(
          [
            { k: 'a', v: 1 },
            { k: 'b', v: 2 },
            { k: 'a', v: 3 },
          ],
          (d) => d.k,
        ),
      ],
      [
        ...rollup(
          ['x', 'y', 'x'],
          (d) => d.length,
          (d) => d,
        ),
      ],
      bin()
        .thresholds(3)([1, 2, 3, 7, 9])
        .map((b) => [b.x0, b.x1, b.length]),
      extent([3, 1, 2]),
      ticks(0, 10, 5),
      bisect([1, 3, 5], 4),
      sum(range(10)),
      deviation([1, 2, 4]),
      [3, 1, 2].sort(ascending),
      quantile([1, 2, 3], 0.5),
    ],
  },
];

const DATES = [
  {
    package: 'date-fns',
    run: ({
      it: {
        format,
        addMonths,
        differenceInDays,
        parseISO,
        startOfWeek,
        formatDistance,
        isValid,
        eachDayOfInterval,
        parse,
        intervalToDuration,
      },
    }) => {
      const day = new Date(2024, 0, 31, 12, 30, 5);
      return [
        format(day, "yyyy-MM-dd'T'HH:mm:ss EEEE do MMMM"),
        format(addMonths(day, 1), 'P'),
        differenceInDays(new Date(2024, 2, 1), day),
        parseISO('2024-02-29T10:00:00Z').getTime(),
        format(startOfWeek(day, { weekStartsOn: 1 }), 'yyyy-MM-dd'),
        formatDistance(new Date(2024, 0, 1), day),
        isValid(parse('31/02/2024', 'dd/MM/yyyy', day)),
        eachDayOfInterval({ start: new Date(2024, 0, 30), end: new Date(2024, 1, 1) }).length,
        intervalToDuration({ start: new Date(2024, 0, 1), end: day }),
      ];
    },
  },
  {
    package: 'dayjs',
    libraries: { it: 'dayjs', utc: 'dayjs/plugin/utc.js', relativeTime: 'dayjs/plugin/relativeTime.js' },
    run: ({ it, utc, relativeTime }) => {
      const dayjs = it.default ?? it;
      dayjs.extend(utc.default ?? utc);
      dayjs.extend(relativeTime.default ?? relativeTime);
      const day = dayjs.utc('2024-01-31T12:30:00Z');
      return [
        day.format('YYYY-MM-DD HH:mm dddd'),
        day.add(1, 'month').toISOString(),
        day.diff('2024-01-01T00:00:00Z', 'day'),
        day.startOf('week').valueOf(),
        day.from(dayjs.utc('2024-03-01')),
        day.isBefore('2025-01-01'),
        dayjs('nonsense').isValid(),
      ];
    },
  },
  {
    package: 'luxon',
    run: ({ it: { DateTime, Duration, Interval } }) => {
      const day = DateTime.fromISO('2024-01-31T12:30:00Z', { zone: 'utc' });
      return [
        day.toISO(),
        day.plus({ months: 1 }).toISODate(),
        day.toFormat('yyyy LL dd'),
        Duration.fromObject({ hours: 25 }).shiftTo('days', 'hours').toObject(),
        Interval.fromDateTimes(day, day.plus({ days: 3 })).length('hours'),
      ];
    },
  },
  {
    package: 'moment',
    run: ({ it }) => {
      const moment = it.default ?? it;
      const day = moment.utc('2024-01-31T12:30:00Z');
      return [
        day.format('YYYY-MM-DD HH:mm dddd Do'),
        day.clone().add(1, 'month').toISOString(),
        day.diff(moment.utc('2024-01-01'), 'days'),
        moment.duration(90, 'minutes').humanize(),
        day.clone().startOf('isoWeek').valueOf(),
        moment.utc('31/01/2024', 'DD/MM/YYYY').isValid(),
      ];
    },
  },
];

export const VALUES = [...COLLECTIONS, ...NUMBERS, ...DATES];
