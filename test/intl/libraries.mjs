// luxon, date-fns-tz and cron-parser as libraries of a runtime: what they compute in a handler against what they compute in Node.
// `node test/intl/libraries.mjs [folder]`, after `npm run build`; it installs the packages into the folder, by default a temporary one.
// Prints the share that is equal, and every difference.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

import { createRuntime } from '../../dist/index.js';

const PACKAGES = ['luxon@3', 'date-fns@4', 'date-fns-tz@3', 'cron-parser@4'];
const ZONES = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe', 'Pacific/Apia'];
const LOCALES = ['en-US', 'de', 'fr', 'ja', 'ar', 'pt-BR'];
const INSTANTS = [0, 1_711_846_800_000, 1_711_850_400_000, 1_730_008_800_000, 1_730_016_000_000, 1_325_239_200_000];

const each = (lists, make) =>
  lists
    .reduce((rows, list) => rows.flatMap((row) => list.map((item) => [...row, item])), [[]])
    .map((row) => make(...row));
const quoted = (...texts) => texts.map((text) => JSON.stringify(text));

/** By library: its entry, and expressions on `lib`. */
const LIBRARIES = {
  luxon: {
    entry: 'luxon',
    expressions: [
      ...each([INSTANTS, ZONES, LOCALES], (ms, zone, locale) => {
        const [z, l] = quoted(zone, locale);
        return `((d) => [d.toISO(), d.toLocaleString(lib.DateTime.DATETIME_FULL), d.toFormat("cccc d LLLL yyyy HH:mm ZZZZ"), d.offset, d.isInDST, d.weekNumber, d.zoneName])(lib.DateTime.fromMillis(${ms}, { zone: ${z}, locale: ${l} }))`;
      }),
      ...each(
        [ZONES, ['2024-03-31T02:30', '2024-10-27T02:30', '2024-04-07T01:45', '2011-12-30T12:00']],
        (zone, text) => {
          const [z, t] = quoted(zone, text);
          return `((d) => [d.toISO(), d.plus({ days: 1 }).toISO(), d.minus({ hours: 25 }).toISO(), d.startOf("month").toISO(), d.endOf("week").toISO(), d.diff(lib.DateTime.fromMillis(0), ["years", "days", "hours"]).toObject()])(lib.DateTime.fromISO(${t}, { zone: ${z} }))`;
        },
      ),
      ...each([LOCALES], (locale) => {
        const [l] = quoted(locale);
        return `[lib.Info.months("long", { locale: ${l} }), lib.Info.weekdays("short", { locale: ${l} }), lib.Info.meridiems({ locale: ${l} }), lib.Duration.fromObject({ hours: 25, minutes: 3 }, { locale: ${l} }).toHuman(), lib.DateTime.fromMillis(0, { zone: "utc" }).setLocale(${l}).toRelative({ base: lib.DateTime.fromMillis(9e9) })]`;
      }),
      'lib.Info.features()',
      'lib.Interval.fromISO("2024-03-30/2024-04-02").splitBy({ days: 1 }).map(String)',
      'lib.DateTime.fromFormat("31 mars 2024 14:05", "d MMMM yyyy HH:mm", { locale: "fr", zone: "Europe/Paris" }).toISO()',
      'lib.DateTime.fromISO("2024-01-01", { zone: "Nowhere/Else" }).invalidReason',
      'lib.Settings.defaultZone.name',
    ],
  },
  'date-fns-tz': {
    entry: 'date-fns-tz',
    expressions: [
      ...each([INSTANTS, ZONES], (ms, zone) => {
        const [z] = quoted(zone);
        return `[lib.formatInTimeZone(new Date(${ms}), ${z}, "yyyy-MM-dd HH:mm:ssXXX zzz zzzz"), lib.toZonedTime(new Date(${ms}), ${z}).getTime(), lib.getTimezoneOffset(${z}, new Date(${ms}))]`;
      }),
      ...each([ZONES, ['2024-03-31 02:30', '2024-10-27 02:30', '2024-06-01T10:00']], (zone, text) => {
        const [z, t] = quoted(zone, text);
        return `[lib.fromZonedTime(${t}, ${z}).toISOString(), lib.toDate(${t}, { timeZone: ${z} }).toISOString(), lib.format(lib.toDate(${t}, { timeZone: ${z} }), "PPPPpppp", { timeZone: ${z} })]`;
      }),
    ],
  },
  'cron-parser': {
    entry: 'cron-parser',
    expressions: each(
      [
        ZONES.slice(1, 4),
        ['*/15 * * * *', '30 2 * * *', '0 0 1 * *', '0 12 * * 1-5', '15 10 1 2 *', '@weekly'],
        [1_729_980_000_000],
      ],
      (zone, cron, ms) => {
        const [z, c] = quoted(zone, cron);
        return `((i) => [0, 1, 2, 3, 4].map(() => i.next().toISOString()).concat(i.prev().toString()))(lib.parseExpression(${c}, { currentDate: new Date(${ms}), tz: ${z} }))`;
      },
    ),
  },
};

const given = process.argv[2];
const folder = given ?? mkdtempSync(join(tmpdir(), 'nexus-intl-'));
if (!existsSync(join(folder, 'node_modules/luxon'))) {
  writeFileSync(join(folder, 'package.json'), '{"private":true}');
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts', ...PACKAGES], {
    cwd: folder,
    stdio: 'inherit',
  });
}
process.exitCode = 0;
for (const [name, { entry, expressions }] of Object.entries(LIBRARIES)) {
  const options = {
    bundle: true,
    write: false,
    format: 'cjs',
    platform: 'neutral',
    external: ['fs'],
    mainFields: ['module', 'main'],
    absWorkingDir: folder,
  };
  const bundled = await build({
    ...options,
    stdin: { contents: `module.exports = require('${entry}')`, resolveDir: folder },
  });
  const source = bundled.outputFiles[0].text;
  const isEqual = await compare(source, expressions);
  const equal = isEqual.filter(Boolean).length;
  console.log(`${name}: ${equal} of ${expressions.length} equal`);
  if (equal < expressions.length) process.exitCode = 1;
}

async function compare(source, expressions) {
  const evaluate = `(lib, expression) => { try { return JSON.stringify(expression(lib)) } catch (error) { return String(error) } }`;
  const runtime = await createRuntime({
    cacheDir: false,
    maxInstances: 1,
    libraries: { lib: { source } },
    timeZone: 'Europe/Berlin',
  });
  const code = `const evaluate = ${evaluate}; return [${expressions.map((text) => `(lib) => ${text}`).join(',\n')}].map((one) => evaluate($lib.lib, one))`;
  const { returnValue, error } = await runtime.executeHandler(
    code,
    {},
    { timeoutMs: 300_000, now: Date.UTC(2026, 0, 1) },
  );
  await runtime.shutdown();
  if (error !== undefined) throw new Error(error.message);
  process.env.TZ = 'Europe/Berlin';
  const module = { exports: {} };
  new Function('module', 'exports', source)(module, module.exports);
  return expressions.map((text, i) => {
    const expected = new Function('lib', `return (${evaluate})(lib, (lib) => ${text})`)(module.exports);
    if (returnValue[i] !== expected)
      console.log(`  ${text}\n    in a handler: ${returnValue[i]}\n    in Node:      ${expected}`);
    return returnValue[i] === expected;
  });
}
