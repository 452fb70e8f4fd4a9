import { beforeAll, describe, expect, it } from 'vitest';
import type { Executor } from '#src/worker/executor.js';
import { differences } from '../../intl/compare.js';
import { createExecutor, runInThread } from '../../support/executor.js';

/** What these give does not depend on the version of Node. */
const CLASSES = [
  ...['NumberFormat', 'DateTimeFormat', 'Collator', 'PluralRules', 'RelativeTimeFormat', 'ListFormat'],
  ...['DisplayNames', 'Segmenter', 'Locale'],
];

let executor: Executor;
beforeAll(async () => {
  executor = await createExecutor();
});

const asInNode = async (...expressions: readonly string[]) =>
  expect(await differences(executor, [['UTC', expressions]])).toEqual([]);

async function run(source: string) {
  const { status, returnValue, error } = await runInThread(executor, source);
  return status === 'success' ? returnValue : `${error?.code}: ${error?.message}`;
}

describe('Intl', () => {
  it('has classes of the shape that those of V8 have', async () => {
    const shape = (name: string) => `((C) => [C.name, C.length, Object.prototype.toString.call(C.prototype),
      Object.getOwnPropertyDescriptor(Intl, '${name}').enumerable, Object.getOwnPropertyDescriptor(C, 'prototype').writable,
      Object.keys(C.prototype), ['format', 'formatToParts', 'compare', 'select', 'of', 'segment', 'resolvedOptions', 'maximize', 'toString'].map((m) => {
        const d = Object.getOwnPropertyDescriptor(C.prototype, m);
        return d && [d.value?.length, d.value?.name, d.enumerable, d.configurable, typeof d.get, d.value && 'prototype' in d.value];
      })])(Intl.${name})`;
    await asInNode(
      'String(Intl)',
      'typeof Intl.NumberFormat("de") + typeof Intl.DateTimeFormat("de") + typeof Intl.Collator("de")',
      ...CLASSES.map(shape),
    );
  });

  it('refuses what V8 refuses, with the same kind of error', async () => {
    await asInNode(
      ...CLASSES.map((name) => `Intl.${name}.prototype.${name === 'Locale' ? 'maximize' : 'resolvedOptions'}.call({})`),
      ...['PluralRules', 'RelativeTimeFormat', 'ListFormat', 'DisplayNames', 'Segmenter'].map((n) => `Intl.${n}('de')`),
      ...[
        'null',
        '5',
        "'de_DE'",
        "['de', 5]",
        'Symbol()',
        '[undefined]',
        '{ length: 1, 0: "x-y-z-123456789" }',
        "''",
      ].map((locales) => `new Intl.NumberFormat(${locales}).format(1)`),
      ...['null', '5', 'true', "'x'", 'Symbol()', '[]'].flatMap((options) => [
        `new Intl.NumberFormat('de', ${options}).format(1)`,
        `new Intl.ListFormat('de', ${options}).format(['a', 'b'])`,
        `new Intl.Segmenter('de', ${options}).resolvedOptions().granularity`,
        `new Intl.DisplayNames('de', ${options}).of('DE')`,
      ]),
      ...[
        '{ style: "x" }',
        '{ style: "currency" }',
        '{ maximumFractionDigits: 101 }',
        '{ maximumFractionDigits: NaN }',
      ].map((options) => `(1).toLocaleString('de', ${options})`),
      '(1).toLocaleString("de", { minimumFractionDigits: 5n })',
      'new Date(NaN).toLocaleString("de")',
      'new Intl.DateTimeFormat("de").format(NaN)',
      'new Intl.DateTimeFormat("de").formatRange(0)',
      'new Intl.DateTimeFormat("de", { timeZone: "Nowhere/Else" }).format(0)',
      'new Date(0).toLocaleDateString("de", { timeStyle: "short" })',
      'new Date(0).toLocaleTimeString("de", { dateStyle: "short" })',
      'new Intl.NumberFormat("de").formatRange(1, NaN)',
      'new Intl.RelativeTimeFormat("de").format(1, "fortnight")',
      'new Intl.RelativeTimeFormat("de").format(Infinity, "day")',
      'new Intl.ListFormat("de").format([1])',
      'new Intl.ListFormat("de").format(5)',
      'new Intl.Locale()',
      'new Intl.Locale("")',
      'Intl.supportedValuesOf("nothing")',
      '"a".localeCompare("b", "no_locale")',
      'String.prototype.localeCompare.call(null, "a")',
    );
  });

  it('reads options in the order of the specification, once each, and converts them', async () => {
    const reading = (make: string) => `((log) => {
      const options = new Proxy({}, { get: (_, name) => { log.push(String(name)); return undefined } });
      ${make};
      return log;
    })([])`;
    await asInNode(
      reading('new Intl.Collator("de", options)'),
      reading('new Intl.ListFormat("de", options)'),
      reading('new Intl.RelativeTimeFormat("de", options)'),
      reading('new Intl.Segmenter("de", options)'),
      '(1.5).toLocaleString("de", { minimumFractionDigits: "3", useGrouping: {}, style: { toString: () => "percent" } })',
      'new Intl.NumberFormat("de").format({ valueOf: () => 12n })',
      'new Intl.NumberFormat("de").format("0x10") + new Intl.NumberFormat("de").format(undefined) + new Intl.NumberFormat("de").format(true)',
      '[1, 2].map(new Intl.NumberFormat("de").format)',
      '["b", "a"].sort(new Intl.Collator("de").compare)',
      '((f) => f.format === f.format)(new Intl.NumberFormat("de"))',
    );
  });

  it('segments texts of any length as V8 does', async () => {
    const long = (text: string) => `${JSON.stringify(text)}.repeat(300)`;
    const texts = ['Hello, world! ', 'สวัสดีครับ ทุกคน ', 'a\u0301e\u0308 👩‍👩‍👧🇩🇪🇫🇷 ', '吾輩は猫である。名前は。 ', 'x'];
    await asInNode(
      ...texts.flatMap((text) =>
        ['grapheme', 'word', 'sentence'].map(
          (granularity) =>
            `Array.from(new Intl.Segmenter('th', { granularity: '${granularity}' }).segment(${long(text)}), (s) => s.index)`,
        ),
      ),
      ...['0', '1', '4', '-1', '14', '"2"', 'NaN', '1e9', '5000'].map(
        (at) => `new Intl.Segmenter('en', { granularity: 'word' }).segment('Hello world. ').containing(${at})`,
      ),
      `new Intl.Segmenter('en').segment('ab')[Symbol.iterator]().toString()`,
    );
  }, 30_000);

  it('is found by names that are put together, in handlers that do not name it', async () => {
    expect(await run("return (5)['toLocale' + 'String']('de', { minimumFractionDigits: 1 })")).toBe('5,0');
    expect(await run("return 'b'['locale' + 'Compare']('a')")).toBe(1);
    expect(await run("return globalThis['In' + 'tl'].getCanonicalLocales('EN-us')")).toEqual(['en-US']);
  });

  it('compares with -1, 0 and 1', async () => {
    const source =
      "const t = ['a', 'ä', 'z', '', 'Z', '10', '9']; return t.flatMap((a) => t.map((b) => a.localeCompare(b)))";
    expect(new Set((await run(source)) as number[])).toEqual(new Set([-1, 0, 1]));
  });

  it('has objects that cannot leave the VM, which says what to return instead', async () => {
    for (const name of CLASSES) {
      const made =
        name === 'DisplayNames' ? "new Intl.DisplayNames('de', { type: 'region' })" : `new Intl.${name}('de')`;
      expect(await run(`return { a: ${made} }`)).toMatch(
        /^SERIALIZATION_ERROR: returnValue\.a is an Intl\.\w+, .* return what it formats/,
      );
    }
    expect(await run("return new Intl.Segmenter('de').segment('x')")).toMatch(/Array\.from\(\)/);
  });

  it('has Locales as V8 has them', async () => {
    const fields =
      '[l.baseName, l.calendar, l.caseFirst, l.collation, l.hourCycle, l.language, l.numberingSystem, l.numeric, l.region, l.script, String(l)]';
    await asInNode(
      ...[
        'de',
        'en-Latn-US-u-ca-buddhist-hc-h12-kn-true',
        'zh-Hant',
        'sr-Cyrl-RS-u-co-search-kf-upper',
        'iw',
        'x-private',
      ].map((tag) => `((l) => ${fields})(new Intl.Locale('${tag}'))`),
      'new Intl.NumberFormat(new Intl.Locale("de")).resolvedOptions().locale',
      'new Intl.Locale(new Intl.Locale("de", { region: "AT" }), { numeric: true }).toString()',
    );
    expect(
      await run("return [new Intl.Locale('ar-EG').getTextInfo(), new Intl.Locale('de-DE').getWeekInfo().firstDay]"),
    ).toEqual([{ direction: 'rtl' }, 1]);
    expect(
      await run(
        "return [new Intl.Locale('de-DE').getTimeZones().includes('Europe/Berlin'), new Intl.Locale('de').getTimeZones()]",
      ),
    ).toEqual([true, undefined]);
  });
});
