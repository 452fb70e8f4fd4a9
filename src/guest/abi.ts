/**
 * What host and guest have to agree on: positions, orders, names and layouts. Both import this file; the build puts the guest's copy
 * into the image. Nothing in it may depend on either side.
 */

/** The prelude's functions, in the order of the array that it is evaluated to. */
export const PRELUDE_EXPORTS = [
  /** `(rights)`: before `start`, what the handler may do. */
  'setGrants',
  /** `(handler, input)`: runs the handler. A promise of what comes of it, unless that is known. */
  'start',
  /** `(answers)`: resumes a handler that waits. Returns its promise. */
  'resume',
  /** `(value)`: the promise was fulfilled with it. */
  'fulfil',
  /** `(reason)`: the promise was rejected. */
  'reject',
  /** Whether it waits for an extension. */
  'waits',
  /** From here on see `prelude/outcome.ts`. */
  'collect',
  /** No function: what `collect` returns when it needs to know more, see `worker/state-diff.ts`. */
  'reached',
  'reachedForms',
  /** With what `reached` is compared after a suspension; before, with the context. */
  'valuesBefore',
  'deniedMutation',
  'sanitizedOutcome',
  'fallbackOutcome',
  /** Before `start`: state that may not be changed is handed out read-only. */
  'guardState',
  /** `(count, reason?)`, when the jobs are done: the number of rejected promises without a handler. */
  'noteRejection',
  /** `(name, factory)`: takes a library while the base image is built. */
  'install',
  /** `(names, cells)`: makes places for the globals of every feature, see `guest/prelude/web-globals.ts`. */
  'reserveFeatures',
  /** No function: where `throw` notes a value that is no error, `value`, and its `stack`. */
  'lastThrown',
  /** Lines of log since it was last called, in an array; undefined when there are none. */
  'newLogs',
] as const;

/** What a grant is for, in the order in which the host passes the grants. Logging needs no capability; it is granted all the same. */
export const GRANT_KINDS = ['state:write', 'events:emit', 'view:update', 'log', 'ext', 'state:read'] as const;
export const STATE_WRITE = 0;
export const EVENTS_EMIT = 1;
export const VIEW_UPDATE = 2;
export const LOGGING = 3;
export const EXTENSION = 4;
export const STATE_READ = 5;

/** Limits that the guest counts itself, in the order in which the host passes them. */
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

/** Of an outcome. */
export const PENDING = 0;
export const FULFILLED = 1;
export const REJECTED = 2;

/** What an outcome is made of, in order, behind the marker. */
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
] as const;

/** What an execution is given, in order, behind the marker; the places of tagged values follow. */
export const CONTEXT_FIELDS = ['stateSnapshot', 'args', 'scope', 'extensionRegistry'] as const;

/** A Map, Set or Error crosses as an array: the marker, one of these, then its items. */
export const MAP_FORM = 0;
export const SET_FORM = 1;
export const ERROR_FORM = 2;

/** Offsets in the bytes that host and guest share, for what would otherwise cost a call. */
export const CELL_STARTED_AT = 0;
export const CELL_MISSING_AT = 8;
export const CELL_CALLED_AT = 9;
export const CELL_ENTROPY_AT = 16;

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
