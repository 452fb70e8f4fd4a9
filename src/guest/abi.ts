/**
 * The contract between host and guest: positions, orders, names and layouts. Both sides import this file; the
 * build puts the guest's copy into the image. It must not depend on either side.
 */

/**
 * Raise it with every change of this file: `test/guest/abi.test.ts` knows its content. A suspended handler goes on in the image on which it was
 * suspended: what that has otherwise is in `protocol/guest-abis.ts`.
 */
export const ABI_VERSION = 8;

/** The prelude's functions, in the order of the array that it is evaluated to. */
export const PRELUDE_EXPORTS = [
  /** `(grants)`: sets what the handler may do, before `start`. */
  'setGrants',
  /** `(handler, input)`: runs the handler. Returns a promise of its value, unless the value is already known. */
  'start',
  /** `(handler)`, before `start`: evaluates the first stage of a script in two stages, and returns the handler. */
  'stage',
  /** `(answers)`: resumes a waiting handler. Returns its promise. */
  'resume',
  /** `(value)`: the promise was fulfilled. */
  'fulfil',
  /** `(reason)`: the promise was rejected. */
  'reject',
  /** Whether the handler waits for an extension. */
  'waits',
  /** For this and the following functions see `prelude/outcome.ts`. */
  'collect',
  /** Not a function: the value that `collect` returns if it needs a comparison, see `worker/state-diff.ts`. */
  'reached',
  'reachedForms',
  /**
   * The values with which `reached` is compared after a suspension; before the first one, the context is
   * used.
   */
  'valuesBefore',
  'deniedMutation',
  'settleValue',
  'sanitizedOutcome',
  'fallbackOutcome',
  /** Before `start`: protected state is handed out read-only. */
  'guardState',
  /** `(count, reason?)`, when the jobs are done: the number of unhandled rejections. */
  'noteRejection',
  /** `(name, factory)`: adds a library while the base image is built. */
  'install',
  /** `(names, cells)`: reserves the globals of every feature, see `guest/prelude/web-globals.ts`. */
  'reserveFeatures',
  /** No function: where `throw` notes a value that is no error, `value`, and its `stack`. */
  'lastThrown',
  /** Lines of log since it was last called, in an array; undefined when there are none. */
  'newLogs',
  /** Does the next task, see `prelude/own-calls/tasks.ts`; the host calls it when no jobs are left. */
  'nextTask',
  /** `(input)`, in place of values of the state that were left out: a document of a record of them. */
  'enterLeftOut',
  /** `(document)`: keeps a prepared value while an image is built, see `prelude/prepared/`. */
  'prepare',
  /** Forgets all of them again. */
  'forgetPrepared',
  /** Which of the values in `reached` are prepared ones, and all others: see `worker/state-diff.ts`. */
  'reachedPrepared',
  'reachedOthers',
  /** Holds on to everything in the prepared values and changes none of it, see `engine/image/untouched.ts`. */
  'holdPrepared',
  /** `(renewal)`, before `resume`: what the handler may do from now on, and what its state is. */
  'renew',
] as const;

/** The fields of what `renew` is given, after the marker; the places of tagged values follow. Each may be undefined. */
export const RENEWAL_FIELDS = ['grants', 'stateSnapshot'] as const;

/**
 * The kinds of grants, in the order in which the host passes them. Logging needs no capability, but has a
 * grant.
 */
export const GRANT_KINDS = [
  'state:write',
  'events:emit',
  'view:update',
  'log',
  'ext',
  'state:read',
  'timer',
  'net',
  'signal',
] as const;
export const STATE_WRITE = 0;
export const EVENTS_EMIT = 1;
export const VIEW_UPDATE = 2;
export const LOGGING = 3;
export const EXTENSION = 4;
export const STATE_READ = 5;
export const TIMER = 6;
export const NET = 7;
export const SIGNAL = 8;

/** Extensions that the runtime itself answers. No extension of an application can have these names. */
export const TIMER_EXTENSION = '$timer';
export const TIMER_METHOD = 'sleep';
export const NET_EXTENSION = '$net';
export const NET_METHOD = 'fetch';

/** A wait for a signal: its name is the method. No extension of an application can have this name either. */
export const SIGNAL_EXTENSION = '$signal';
/** Of a signal, in UTF-16 code units. */
export const MAX_SIGNAL_NAME = 100;

/** Limits that the guest counts, in the order in which the host passes them. */
export const COUNTED_LIMITS = [
  'maxHostCalls',
  'maxStateMutations',
  'maxEvents',
  'maxViewCommands',
  'maxLogBytes',
] as const;
export const HOST_CALLS = 0;
export const STATE_MUTATIONS = 1;
export const EVENTS = 2;
export const VIEW_COMMANDS = 3;
export const LOG_BYTES = 4;

/** Status of an outcome. */
export const PENDING = 0;
export const FULFILLED = 1;
export const REJECTED = 2;

/** The fields of an outcome in order, after the marker. */
export const OUTCOME_FIELDS = [
  'status',
  'returnValue',
  'stateMutations',
  'events',
  'viewCommands',
  'logs',
  'hostCalls',
  'calls',
  'denials',
  'reads',
  /** How many of the calls, from the first one, the handler left behind: it has ended, and waits for those that follow. */
  'leftCalls',
] as const;

/** The fields of an execution's input in order, after the marker; the places of tagged values follow. */
export const CONTEXT_FIELDS = ['stateSnapshot', 'args', 'scope', 'extensionRegistry', 'entry'] as const;

/** A Map, Set or Error is passed as an array: the marker, one of these numbers, then its items. */
export const MAP_FORM = 0;
export const SET_FORM = 1;
export const ERROR_FORM = 2;
export const REGEXP_FORM = 3;
/** A prepared value, which is in the image already: its number. Only the host passes it. */
export const PREPARED_FORM = 4;

/** Offsets in the bytes that host and guest share instead of making calls. */
export const CELL_STARTED_AT = 0;
export const CELL_MISSING_AT = 8;
export const CELL_CALLED_AT = 9;
export const CELL_TASKS_AT = 10;
export const CELL_ENTROPY_AT = 16;

/** At `CELL_MISSING_AT`, instead of the number of a feature: a value of the state that was left out. */
export const LEFT_OUT_MARK = 255;

/** Typed arrays in the order of the engine's class numbers. Float16Array has no counterpart in Node 20. */
export const TYPED_ARRAYS = [
  Uint8ClampedArray,
  Int8Array,
  Uint8Array,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  BigInt64Array,
  BigUint64Array,
  undefined,
  Float32Array,
  Float64Array,
] as const;

/**
 * The functions of the host that features can ask, see `engine/vm/host-call.ts`. The engine knows one by its index here, from 1: it has no
 * function 0.
 */
export const HOST_FUNCTIONS = ['intl', 'crypto'] as const;

/**
 * What the guest asks the host's ICU, see `guest/features/intl.ts`: the number, a key, and further primitive values. The key is JSON:
 * `[kind, defaults, locales, options]`.
 */
export const INTL_OPERATIONS = [
  /** `(key)`: whether such an object can be made. */
  'check',
  /** `(key)`: its resolved options, names and values in turn. */
  'resolvedOptions',
  /** `(key, value, unit)`: a text. A bigint is its digits, marked by `unit` = `'n'`. */
  'format',
  'formatToParts',
  /** `(key, start, end, marks)`, where a mark is `'n'` for a bigint and anything else for none. */
  'formatRange',
  'formatRangeToParts',
  /** `(key, a, b)` */
  'compare',
  /** `(key, value)` and `(key, start, end)` */
  'select',
  'selectRange',
  /** `(key, code)` */
  'of',
  /** `(key, text, isAll)`: the ends of the segments of a window of a text, and which are words. */
  'segment',
  /** `(key, text)`, where the key has the locales. */
  'toUpperCase',
  'toLowerCase',
  /** `(key)`: a canonical locale, made with options; then texts of it. */
  'locale',
  'maximize',
  'minimize',
  /** `(key, name)`: one of its properties. */
  'localeInfo',
  /** `(key)`: the locales in canonical form. */
  'canonicalLocales',
  /** `(key)`: which of the locales the kind supports. */
  'supportedLocales',
  /** `(name)` instead of a key. */
  'supportedValues',
  /** `(kind)` instead of a key: whether the host has it. */
  'hasKind',
] as const;

/** In an answer of the host that is an array, the first item: what follows is the answer, or name and message of an error. */
export const INTL_ANSWER = 0;
export const INTL_ERROR = 1;

/** The longest text that the host is asked about, in UTF-16 code units, and the longest key. */
export const MAX_INTL_TEXT = 1_048_576;
export const MAX_INTL_KEY = 16_384;
/** Digits of a number that is a text. */
export const MAX_INTL_DIGITS = 4_096;
/** The first window of a text that is segmented: ICU's objects copy it for every segment. */
export const INTL_WINDOW = 1_024;

/**
 * What the guest asks of the host's cryptography, see `guest/features/subtle.ts`: the number, then texts, numbers and ArrayBuffers. The answer
 * is an ArrayBuffer or a boolean; null if it cannot be done with these values: a text that was not encrypted so.
 */
export const CRYPTO_OPERATIONS = [
  /** `(hash, data)` */
  'digest',
  /** `(hash, key, data)` */
  'hmac',
  /** `(hash, key, data, signature)`: whether it is the signature. */
  'hmacVerify',
  /** `(key, iv, additionalData, data, tagLength)`, where the tag follows the text and its length is in bytes. */
  'gcmEncrypt',
  'gcmDecrypt',
  /** `(hash, key, salt, info, length)`, where the length is in bytes. */
  'hkdf',
  /** `(a, b)` of one length: whether they are equal, in a time that does not depend on their content. */
  'equal',
] as const;
export const CRYPTO_HASHES = ['SHA-1', 'SHA-256', 'SHA-384', 'SHA-512'] as const;
/** What one call may be given in all, in bytes. */
export const MAX_CRYPTO_BYTES = 8_388_608;
