/** What the guest finds when it names no locale and no time zone. */
export interface LocaleSettings {
  /** A canonical BCP 47 tag that the host supports. */
  readonly locale: string;
  /** An IANA name that the host knows. */
  readonly timeZone: string;
}

/** The same on every machine. */
export const DEFAULT_SETTINGS: LocaleSettings = { locale: 'en-US', timeZone: 'UTC' };
