import type { FeatureHost } from './feature.js';
import { CLASSES, DurationFormat, type IntlClass } from './intl/classes.js';
import { askFor, openHost, operation } from './intl/host.js';
import { addMembers, defineProperty, tag, toText } from './intl/intrinsics.js';
import { Locale } from './intl/locale.js';
import { ofArray, ofBigInt, ofDate, ofNumber, ofString, ofTypedArray } from './intl/methods.js';
import { keyOf, readLocales } from './intl/options.js';
import { textsOf } from './intl/results.js';
import { segmentsPrototype } from './intl/segments.js';

const CANONICAL = operation('canonicalLocales');
const SUPPORTED_VALUES = operation('supportedValues');
const HAS_KIND = operation('hasKind');

/**
 * ECMA-402. The host's ICU answers: objects hold their locales and options, and every method asks the host with them.
 *
 * @param ask the function of the host, see `engine/vm/host-call.ts`
 */
export default function install(host: FeatureHost, ask: Parameters<typeof openHost>[0]): void {
  openHost(ask);
  const classes: Record<string, unknown> = { ...CLASSES, Locale };
  const intl = {};
  for (const name of Object.keys(classes)) {
    host.refuse((classes[name] as IntlClass).prototype, 'an Intl.' + name, '; return what it formats');
    defineProperty(intl, name, { value: classes[name], writable: true, enumerable: false, configurable: true });
  }
  host.refuse(DurationFormat.prototype, 'an Intl.DurationFormat', '; return what it formats');
  host.refuse(segmentsPrototype, 'the segments of a text', '; Array.from() makes an array of them');
  addMembers(intl, {
    /** The same image is used on every Node. */
    get DurationFormat() {
      return askFor(HAS_KIND, 'DurationFormat') === true ? DurationFormat : undefined;
    },
    set DurationFormat(value: unknown) {
      defineProperty(intl, 'DurationFormat', { value, writable: true, enumerable: false, configurable: true });
    },
    getCanonicalLocales(locales: unknown) {
      return textsOf(askFor(CANONICAL, keyOf('Collator', readLocales(locales), '{}')));
    },
    supportedValuesOf(key: unknown) {
      return textsOf(askFor(SUPPORTED_VALUES, toText(key)));
    },
  });
  tag(intl, 'Intl');
  host.define('Intl', intl);
  host.define('Number.prototype.toLocaleString', ofNumber);
  host.define('BigInt.prototype.toLocaleString', ofBigInt);
  host.define('Array.prototype.toLocaleString', ofArray);
  host.define('Uint8Array.prototype.__proto__.toLocaleString', ofTypedArray);
  host.define('Date.prototype.toLocaleString', ofDate.toLocaleString);
  host.define('Date.prototype.toLocaleDateString', ofDate.toLocaleDateString);
  host.define('Date.prototype.toLocaleTimeString', ofDate.toLocaleTimeString);
  host.define('String.prototype.localeCompare', ofString.localeCompare);
  host.define('String.prototype.toLocaleUpperCase', ofString.toLocaleUpperCase);
  host.define('String.prototype.toLocaleLowerCase', ofString.toLocaleLowerCase);
}
