import { expect, it } from 'vitest';

import { createExecutor } from '../support/executor.js';
import { differences } from './compare.js';
import { Choices, ZONES } from './generate.js';

const SEED = Number(process.env['INTL_SEED'] ?? 20_261_130);
/** For each zone. */
const CALLS = Number(process.env['INTL_DATES'] ?? 60);

/** Where clocks were put forward or back, by the hour, in local time: all that Berlin, New York, Lord Howe, Apia and others have. */
const EVENTFUL = [
  ...['2024, 2, 31', '2024, 9, 27', '2024, 2, 10', '2024, 10, 3', '2024, 3, 7', '2024, 9, 6', '2011, 11, 30'],
  ...['2016, 3, 17', '2018, 10, 4', '2021, 2, 21', '1945, 4, 24', '1980, 3, 6', '1970, 0, 1', '2025, 1, 23'],
];

function generateDate(choices: Choices): string {
  const below = (count: number) => choices.below(count);
  const fields = () => `${choices.of(EVENTFUL)}, ${below(24)}, ${choices.of([0, 15, 29, 30, 59])}, ${below(60)}`;
  const instant = () => `${below(4_000_000)}e6 - 2e12`;
  const date = () => choices.of([`new Date(${fields()})`, `new Date(${instant()})`]);
  const setter = choices.of([
    `setHours(${below(30) - 3})`,
    `setMinutes(${below(200) - 60})`,
    `setDate(${below(40)})`,
    `setMonth(${below(14)}, ${below(31)})`,
    `setFullYear(${1950 + below(90)})`,
    `setSeconds(${below(100)}, 5)`,
  ]);
  return choices.of([
    `String(${date()})`,
    `${date()}.toISOString()`,
    `${date()}.getTimezoneOffset()`,
    `((d) => [d.getFullYear(), d.getMonth(), d.getDate(), d.getDay(), d.getHours(), d.getMinutes(), d.getSeconds()])(${date()})`,
    `((d) => { d.${setter}; return [d.getTime(), String(d)] })(${date()})`,
    `Date.parse('${1960 + below(90)}-0${1 + below(9)}-${10 + below(18)}T0${below(10)}:${10 + below(49)}:00')`,
    `Date.parse('${choices.of(['Mar', 'Oct', 'Nov'])} ${1 + below(28)}, ${1990 + below(40)} 0${below(4)}:30:00')`,
    `new Date(2020, ${below(12)}).toDateString() + new Date(${instant()}).toTimeString()`,
    `new Date(${fields()}, 999).valueOf()`,
  ]);
}

/** Names of zones in the past are another test: V8 has them of other years. */
const withoutZoneNames = (text: string | undefined) => text?.replaceAll(/ \([^)]*\)/g, '');

it(
  `dates in ${ZONES.length} time zones are what they are in Node with TZ, over gaps and overlaps (INTL_SEED=${SEED})`,
  async () => {
    const choices = new Choices(SEED);
    const batches = ZONES.map((zone) => [zone, Array.from({ length: CALLS }, () => generateDate(choices))] as const);
    expect(await differences(await createExecutor(), batches, withoutZoneNames)).toEqual([]);
  },
  60_000 + CALLS * 1_000,
);

it('time zones have the names that they have in Node, now and in the next years', async () => {
  const choices = new Choices(SEED);
  const recent = () => `String(new Date(${1_550_000_000 + choices.below(560_000_000)}e3))`;
  const batches = ZONES.map((zone) => [zone, Array.from({ length: 10 }, recent)] as const);
  expect(await differences(await createExecutor(), batches)).toEqual([]);
});
