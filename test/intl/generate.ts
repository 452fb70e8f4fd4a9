/** Calls of `Intl` and of the methods with locales, made at random of a seed. */

const LOCALES = [
  ...['en-US', 'en-GB', 'en-IN', 'de-DE', 'de-CH', 'de-AT', 'fr-FR', 'fr-CA', 'es-ES', 'es-MX', 'pt-BR', 'pt-PT'],
  ...['it-IT', 'nl-NL', 'sv-SE', 'da-DK', 'nb-NO', 'fi-FI', 'pl-PL', 'cs-CZ', 'hu-HU', 'tr-TR', 'ru-RU', 'uk-UA'],
  ...['el-GR', 'he-IL', 'ar-EG', 'ar-SA', 'fa-IR', 'hi-IN', 'bn-BD', 'ta-IN', 'th-TH', 'vi-VN', 'id-ID', 'ja-JP'],
  ...['ko-KR', 'zh-CN', 'zh-TW', 'sr-Latn-RS', 'de-u-nu-arab', 'ja-u-ca-japanese', 'th-u-ca-buddhist', 'xx'],
];
export const ZONES = [
  ...['UTC', 'Europe/Berlin', 'Europe/London', 'Europe/Dublin', 'Europe/Moscow', 'Europe/Istanbul', 'Africa/Cairo'],
  ...['Africa/Casablanca', 'Africa/Johannesburg', 'Asia/Kolkata', 'Asia/Kathmandu', 'Asia/Tehran', 'Asia/Tokyo'],
  ...['Asia/Shanghai', 'Asia/Gaza', 'Asia/Pyongyang', 'Australia/Sydney', 'Australia/Lord_Howe', 'Australia/Eucla'],
  ...['Pacific/Auckland', 'Pacific/Chatham', 'Pacific/Apia', 'Pacific/Kiritimati', 'America/New_York'],
  ...['America/Los_Angeles', 'America/St_Johns', 'America/Sao_Paulo', 'America/Santiago', 'America/Phoenix'],
  ...['Antarctica/Troll'],
];
const CURRENCIES = ['USD', 'EUR', 'JPY', 'KWD', 'CHF', 'INR', 'XXX'];
const UNITS = ['kilometer', 'liter', 'celsius', 'kilometer-per-hour', 'byte', 'percent', 'day', 'mile'];
const TEXTS = [
  "'a'",
  "'ä'",
  "'Z'",
  "'z'",
  "'ß'",
  "'ss'",
  "'résumé'",
  "'Resume'",
  "'file 10'",
  "'file 9'",
  "'İ'",
  "'い'",
  "'ア'",
  "''",
  "'👩‍👩‍👧 x'",
];

type Chances = Readonly<Record<string, readonly unknown[]>>;

const DIGITS: Chances = {
  minimumIntegerDigits: [1, 2, 5, 21],
  minimumFractionDigits: [0, 2, 4, 20],
  maximumFractionDigits: [0, 1, 3, 20],
  minimumSignificantDigits: [1, 3, 5],
  maximumSignificantDigits: [1, 3, 21],
  roundingIncrement: [1, 5, 50],
  roundingMode: ['ceil', 'floor', 'expand', 'trunc', 'halfEven', 'halfExpand', 'halfTrunc'],
  roundingPriority: ['auto', 'morePrecision', 'lessPrecision'],
  trailingZeroDisplay: ['auto', 'stripIfInteger'],
};
const NUMBER: Chances = {
  style: ['decimal', 'percent', 'currency', 'unit'],
  currencyDisplay: ['symbol', 'code', 'name', 'narrowSymbol'],
  currencySign: ['standard', 'accounting'],
  unitDisplay: ['short', 'long', 'narrow'],
  notation: ['standard', 'scientific', 'engineering', 'compact'],
  compactDisplay: ['short', 'long'],
  useGrouping: [true, false, 'always', 'min2', 'auto'],
  signDisplay: ['auto', 'never', 'always', 'exceptZero', 'negative'],
  numberingSystem: ['latn', 'arab', 'thai', 'hanidec'],
  ...DIGITS,
};
const DATE: Chances = {
  weekday: ['long', 'short', 'narrow'],
  era: ['long', 'short'],
  year: ['numeric', '2-digit'],
  month: ['numeric', '2-digit', 'long', 'short', 'narrow'],
  day: ['numeric', '2-digit'],
  dayPeriod: ['long', 'short'],
  hour: ['numeric', '2-digit'],
  minute: ['numeric', '2-digit'],
  second: ['numeric', '2-digit'],
  fractionalSecondDigits: [1, 2, 3],
  timeZoneName: ['long', 'short', 'longOffset', 'shortOffset', 'shortGeneric', 'longGeneric'],
  hour12: [true, false],
  hourCycle: ['h11', 'h12', 'h23', 'h24'],
  calendar: ['gregory', 'buddhist', 'islamic-civil', 'hebrew', 'persian'],
  numberingSystem: ['latn', 'deva'],
  timeZone: ZONES,
};
const STYLES: Chances = {
  dateStyle: ['full', 'long', 'medium', 'short'],
  timeStyle: ['full', 'long', 'medium', 'short'],
  timeZone: ZONES,
  hour12: [true, false],
};
const COLLATOR: Chances = {
  usage: ['sort', 'search'],
  sensitivity: ['base', 'accent', 'case', 'variant'],
  numeric: [true, false],
  caseFirst: ['upper', 'lower', 'false'],
  ignorePunctuation: [true, false],
  collation: ['phonebk', 'pinyin', 'default'],
};

/** SplitMix32, as a stream of choices. */
export class Choices {
  #state: number;

  constructor(seed: number) {
    this.#state = seed | 0;
  }

  below(count: number): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    let z = this.#state;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return ((z ^ (z >>> 15)) >>> 0) % count;
  }

  of<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}

export function generateCall(choices: Choices): string {
  const one = <T>(...items: readonly T[]) => choices.of(items);
  const locale = () => (choices.below(8) === 0 ? one('undefined', '[]', "['xx', 'de']") : `'${one(...LOCALES)}'`);
  const options = (chances: Chances, share: number, fixed: object = {}) =>
    JSON.stringify({
      ...Object.fromEntries(
        Object.entries(chances)
          .filter(() => choices.below(share) === 0)
          .map(([name, values]) => [name, choices.of(values)]),
      ),
      ...fixed,
    });
  const number = () =>
    one(
      '0',
      '-0',
      '1',
      '-1.5',
      '1234.5678',
      '0.000123',
      '1e21',
      '-987654321.125',
      'NaN',
      '-Infinity',
      '123456789012345678901n',
      "'12345678901234567890.987654321'",
    );
  const plain = () => one('0', '1', '2', '3', '5', '11', '21', '100', '1.5', '1000000');
  const time = () => `${choices.below(8_000_000)}e6 - 3e12 + ${choices.below(1_000_000)}`;
  const numberOptions = () => options(NUMBER, 6, { currency: one(...CURRENCIES), unit: one(...UNITS) });
  const dateOptions = () => (choices.below(3) === 0 ? options(STYLES, 2) : options(DATE, 4));
  switch (choices.below(16)) {
    case 0:
    case 1:
      return `new Intl.NumberFormat(${locale()}, ${numberOptions()}).${one('format', 'formatToParts')}(${number()})`;
    case 2:
      return `new Intl.NumberFormat(${locale()}, ${numberOptions()}).${one('formatRange', 'formatRangeToParts')}(${plain()}, ${number()})`;
    case 3:
      return `(${one(number(), plain())}).toLocaleString(${locale()}, ${numberOptions()})`;
    case 4:
    case 5:
      return `new Intl.DateTimeFormat(${locale()}, ${dateOptions()}).${one('format', 'formatToParts')}(${time()})`;
    case 6:
      return `new Intl.DateTimeFormat(${locale()}, ${dateOptions()}).${one('formatRange', 'formatRangeToParts')}(${time()}, ${time()})`;
    case 7:
      return `new Date(${time()}).${one('toLocaleString', 'toLocaleDateString', 'toLocaleTimeString')}(${locale()}, ${dateOptions()})`;
    case 8:
      return `${one(...TEXTS)}.localeCompare(${one(...TEXTS)}, ${locale()}, ${options(COLLATOR, 3)})`;
    case 9:
      return `new Intl.PluralRules(${locale()}, ${options({ ...DIGITS, type: ['cardinal', 'ordinal'] }, 6)}).${one(`select(${plain()})`, `selectRange(${plain()}, ${plain()})`, 'resolvedOptions()')}`;
    case 10:
      return `new Intl.RelativeTimeFormat(${locale()}, ${options({ numeric: ['always', 'auto'], style: ['long', 'short', 'narrow'] }, 2)}).${one('format', 'formatToParts')}(${plain()}, '${one('day', 'year', 'quarters', 'minute', 'eon')}')`;
    case 11:
      return `new Intl.ListFormat(${locale()}, ${options({ type: ['conjunction', 'disjunction', 'unit'], style: ['long', 'short', 'narrow'] }, 2)}).${one('format', 'formatToParts')}([${one("'a'", "'a', 'b'", "'a', 'b', 'c', 'd'", '')}])`;
    case 12: {
      const [type, code] = one(
        ['region', 'DE'],
        ['language', 'pt-BR'],
        ['currency', 'JPY'],
        ['script', 'Hans'],
        ['calendar', 'roc'],
        ['dateTimeField', 'month'],
        ['region', 'QQ'],
        ['region', '?'],
      );
      return `new Intl.DisplayNames(${locale()}, ${options({ style: ['long', 'short', 'narrow'], fallback: ['code', 'none'], languageDisplay: ['dialect', 'standard'] }, 2, { type })}).of('${code}')`;
    }
    case 13:
      return `[...new Intl.Segmenter(${locale()}, ${options({ granularity: ['grapheme', 'word', 'sentence'] }, 1)}).segment(${one("'Hello, world. How are you?'", "'สวัสดีครับโลก'", "'👨‍👩‍👧🇩🇪é'", "'吾輩は猫である。名前はまだ無い。'", "''")})]`;
    case 14: {
      const kind = one('NumberFormat', 'DateTimeFormat', 'Collator');
      const read = { NumberFormat: numberOptions, DateTimeFormat: dateOptions, Collator: () => options(COLLATOR, 3) }[
        kind
      ];
      return `new Intl.${kind}(${locale()}, ${read()}).resolvedOptions()`;
    }
    default:
      return one(
        `'${one('istanbul', 'Straße', 'ΣΑΣ', 'i̇', 'ﬁ')}'.${one('toLocaleUpperCase', 'toLocaleLowerCase')}(${locale()})`,
        `[${number()}, null, new Date(${time()})].toLocaleString(${locale()})`,
        `new Intl.Locale('${one(...LOCALES)}', ${options({ hourCycle: ['h12', 'h23'], calendar: ['roc', 'hebrew'], numeric: [true, false], region: ['US', 'AT'], script: ['Latn'] }, 3)}).${one('toString()', 'maximize().toString()', 'minimize().baseName', 'language', 'hourCycle', 'calendar')}`,
        `Intl.${one('NumberFormat', 'DateTimeFormat', 'DisplayNames', 'Segmenter')}.supportedLocalesOf(['${one(...LOCALES)}', 'xx', '${one(...LOCALES)}'])`,
        `Intl.getCanonicalLocales(['${one('EN-us', 'zh-hans-cn', 'iw', 'x-y', 'de_DE')}'])`,
      );
  }
}
