import type { NexusError } from '../errors/nexus-error.js';
import { invalidArgument, invalidOption } from './check.js';

/** What a handler finds when it names no locale and no time zone. */
export interface LocaleSettings {
  /** A BCP 47 tag that the host supports. */
  readonly locale: string;
  /** An IANA name that the host knows. */
  readonly timeZone: string;
}

/** The same on every machine, whatever its environment is. */
export const DEFAULT_SETTINGS: LocaleSettings = Object.freeze({ locale: 'en-US', timeZone: 'UTC' });

const A_LOCALE = "a locale that this Node knows, as a BCP 47 tag: 'de-DE'";
const A_TIME_ZONE = "a time zone that this Node knows, by its IANA name: 'Europe/Berlin'";
/** Longer than any name of either. */
const MAX_NAME = 100;
/** Callers pass the same names again and again, and ICU takes some 50 µs for one. */
const MAX_KNOWN = 100;
const knownLocales = new Set([DEFAULT_SETTINGS.locale]);
const knownZones = new Set([DEFAULT_SETTINGS.timeZone]);

/** An option of `createRuntime` or of one call. */
type Refuse = (name: string, given: unknown, expected: string) => NexusError;

/**
 * @param refuse default: INVALID_ARGUMENT, of a call
 * @throws NexusError naming the option, its value and what is allowed
 */
export function checkLocale(given: unknown, refuse: Refuse = invalidArgument): string {
  if (isKnown(given, knownLocales, isLocale)) return given;
  throw refuse('locale', given, A_LOCALE);
}

/** {@link checkLocale} for time zones. */
export function checkTimeZone(given: unknown, refuse: Refuse = invalidArgument): string {
  if (isKnown(given, knownZones, isTimeZone)) return given;
  throw refuse('timeZone', given, A_TIME_ZONE);
}

/** @throws NexusError INVALID_CONFIG */
export function resolveLocaleSettings({ locale, timeZone }: Partial<LocaleSettings>): LocaleSettings {
  if (locale === undefined && timeZone === undefined) return DEFAULT_SETTINGS;
  return Object.freeze({
    locale: locale === undefined ? DEFAULT_SETTINGS.locale : checkLocale(locale, invalidOption),
    timeZone: timeZone === undefined ? DEFAULT_SETTINGS.timeZone : checkTimeZone(timeZone, invalidOption),
  });
}

/** The settings of a call: undefined for the ones that every VM has anyway. */
export function settingsOfCall(
  { locale, timeZone }: Partial<LocaleSettings>,
  defaults: LocaleSettings = DEFAULT_SETTINGS,
): LocaleSettings | undefined {
  const isAsBefore = locale === undefined && timeZone === undefined;
  const settings = isAsBefore
    ? defaults
    : { locale: locale ?? defaults.locale, timeZone: timeZone ?? defaults.timeZone };
  const isDefault = settings.locale === DEFAULT_SETTINGS.locale && settings.timeZone === DEFAULT_SETTINGS.timeZone;
  return isDefault ? undefined : settings;
}

/** The first of a stored handler's settings that this Node does not know. */
export function unknownSetting({ locale, timeZone }: LocaleSettings): string | undefined {
  if (!isKnown(timeZone, knownZones, isTimeZone)) return timeZone;
  return isKnown(locale, knownLocales, isLocale) ? undefined : locale;
}

function isKnown(given: unknown, known: Set<string>, exists: (name: string) => boolean): given is string {
  if (typeof given !== 'string' || given === '' || given.length > MAX_NAME) return false;
  if (known.has(given)) return true;
  if (!exists(given)) return false;
  if (known.size >= MAX_KNOWN) known.clear();
  known.add(given);
  return true;
}

function isLocale(name: string): boolean {
  try {
    return Intl.DateTimeFormat.supportedLocalesOf([name]).length > 0;
  } catch {
    return false;
  }
}

function isTimeZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone: name }) !== undefined;
  } catch {
    return false;
  }
}
