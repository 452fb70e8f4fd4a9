/**
 * What luxon asks of `Intl`, which the VM does not have. English in UTC needs no more than the names that it asks for; anything else throws.
 * It is a variable of the library, so that scripts do not take it for the real one.
 */
const INTL = `
const Intl = (() => {
  const refuse = (what) => {
    throw new RangeError(what + ' needs Intl, which the VM does not have: dates are in UTC or a fixed offset ("UTC+2"), in English');
  };
  class DateTimeFormat {
    constructor(locale, options) {
      this.locale = locale ?? 'en-US';
      this.timeZone = options?.timeZone ?? 'UTC';
    }
    resolvedOptions() {
      return { locale: 'en-US', timeZone: 'UTC', numberingSystem: 'latn', calendar: 'gregory' };
    }
    // Asked to find out whether a zone exists: the answer is given when it is used.
    format() {
      return '';
    }
    formatToParts() {
      return refuse(this.timeZone === 'UTC' ? 'A format of the locale ' + this.locale : 'The time zone ' + this.timeZone);
    }
  }
  class NumberFormat {
    constructor(locale) {
      refuse('A number format of the locale ' + locale);
    }
  }
  class RelativeTimeFormat {
    constructor(locale) {
      refuse('A relative time of the locale ' + locale);
    }
  }
  return { DateTimeFormat, NumberFormat, RelativeTimeFormat };
})();
`;

/** The text of luxon with the names that it needs. On its first line, so that its lines stay as they are. */
export function withoutIntl(source: string): string {
  const zone = '\n;if (module.exports.Settings) module.exports.Settings.defaultZone = "utc";';
  return `${INTL.replaceAll(/\n\s*(?:\/\/[^\n]*)?/g, ' ')}${source}${zone}`;
}
