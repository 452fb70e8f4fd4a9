import { COUNTED_LIMITS, GRANT_KINDS, HOST_CALLS } from '../abi.js';
import { codedError } from './coded-error.js';
import { apply, nullArray, sliceText, startsWith, TypeErrorConstructor, text } from './intrinsics.js';

/** Everything of its kind, or these names and all names with one of these prefixes. */
export type EncodedGrant = true | readonly [names: string[], prefixes: string[], inTwoParts?: TwoParts[]];

/** How the part before the colon begins; the part behind it, and whether that is only its beginning. */
type TwoParts = readonly [first: string, second: string, isPrefix: boolean];

/** What the host passes, see `execution/request/encoded-grants.ts`. */
type EncodedGrants = readonly [
  grants: EncodedGrant[],
  limits: number[],
  audited: boolean,
  honoursToJson: boolean,
  cutsLog: boolean,
  awaitsAll: boolean,
  maxTimers: number,
  maxSleepMs: number,
];

const KINDS = nullArray<string>(GRANT_KINDS.map((kind) => text(kind, ':')));
const LIMIT_NAMES = nullArray<string>([...COUNTED_LIMITS]);

/** Further denials are not listed: a handler may be denied in an endless loop. */
const MAX_DENIALS = 1_000;

let grants: EncodedGrant[] = [];
let limits: number[] = [];
export let hostCalls = 0;
/** Usage of the previous segments, by limit. The usage of this segment is counted elsewhere. */
export const usedBefore = nullArray<number>([0, 0, 0, 0, 0]);
/** Denied capabilities, once for each denial. */
export const denials = nullArray<string>([]);
/** Whether reads of state are audited. */
export let audited = false;
/** Whether a handler that has ended waits for every call that it made, not only for those of its last segment. */
export let awaitsAll = false;
/** Of timers that are set at the same time, and how long each may be. */
export let maxTimers = 0;
export let maxSleepMs = 0;
/** Whether what leaves leaves as its `toJSON` says. */
export let honoursToJson = false;
/** Whether lines of log beyond their limit are left out; else they are an error. */
export let cutsLog = true;

/** The handler runs. What it hands over is copied at once. */
export const RUNNING = 0;
/**
 * It has ended or waits, and what leaves is read: getters, `toJSON` and traps of it are called. What they do counts, except that they
 * can begin no calls.
 */
export const READING = 1;
/**
 * What leaves is compared or written, and no code of the handler is called. The engine may call a getter of an array all the same: its
 * effects would not be part of the outcome, so they throw, and the outcome is read anew.
 */
export const CLOSED = 2;

export let phase = RUNNING;
/** While it is {@link CLOSED}. */
let maxHostCalls = 0;

export function enterPhase(next: number): void {
  if (next === CLOSED && phase !== CLOSED) {
    // perf: a limit that whatever comes is beyond, so that an effect is looked at no more closely than before.
    maxHostCalls = limits[HOST_CALLS] as number;
    limits[HOST_CALLS] = -1;
  } else if (next !== CLOSED && phase === CLOSED) limits[HOST_CALLS] = maxHostCalls;
  phase = next;
}

/** Changes of the state that were listed, and are listed anew. */
export function uncountHostCalls(count: number): void {
  hostCalls -= count;
}

export function setGrants(encoded: EncodedGrants): void {
  grants = encoded[0];
  limits = encoded[1];
  audited = encoded[2];
  honoursToJson = encoded[3];
  cutsLog = encoded[4];
  awaitsAll = encoded[5];
  maxTimers = encoded[6];
  maxSleepMs = encoded[7];
}

/** Only what is granted changes; limits and manners stay those of the call. */
export function renewGrants(encoded: EncodedGrant[]): void {
  grants = encoded;
}

/**
 * Starts a new segment after a suspension.
 *
 * @param used usage of all previous segments, by limit, as counted by the host
 */
export function continueGrants(used: number[]): void {
  denials.length = 0;
  for (let i = 0; i < usedBefore.length; i++) usedBefore[i] = used[i] as number;
  hostCalls = used[HOST_CALLS] as number;
}

export function isGranted(kind: number, name: string): boolean {
  const grant = grants[kind];
  return grant === true || (grant !== undefined && covers(grant, name));
}

function covers(grant: Exclude<EncodedGrant, true>, name: string): boolean {
  const names = grant[0];
  for (let i = 0; i < names.length; i++) if (names[i] === name) return true;
  const prefixes = grant[1];
  for (let i = 0; i < prefixes.length; i++) if (apply(startsWith, name, [prefixes[i]])) return true;
  const inTwoParts = grant[2];
  return inTwoParts !== undefined && coversByParts(inTwoParts, name);
}

function coversByParts(patterns: TwoParts[], name: string): boolean {
  for (let i = 0; i < patterns.length; i++) if (coversParts(patterns[i] as TwoParts, name)) return true;
  return false;
}

function coversParts(pattern: TwoParts, name: string): boolean {
  let colon = 0;
  while (colon < name.length && name[colon] !== ':') colon++;
  const rest = apply(sliceText, name, [colon + 1]) as string;
  if (!apply(startsWith, name, [pattern[0]]) || pattern[0].length > colon) return false;
  return pattern[2] ? apply(startsWith, rest, [pattern[1]]) : rest === pattern[1];
}

/** Throws PERMISSION_DENIED unless the handler may do this. */
export function demand(kind: number, name: string): void {
  if (!isGranted(kind, name)) deny(kind, name);
}

function deny(kind: number, name: string): never {
  const capability = KINDS[kind] + name;
  if (denials.length < MAX_DENIALS) denials[denials.length] = capability;
  throw codedError('PERMISSION_DENIED', text('The handler has no capability "', capability, '"'), { capability });
}

/** Checks the limit again: handler code ran between {@link admit} and the effect, and may have used it up. */
export function checkRoom(limit: number, used: number): void {
  if ((usedBefore[limit] as number) + used > (limits[limit] as number)) exceed(limit);
}

/** How much of a limit there is after earlier segments. */
export function roomOf(limit: number): number {
  return (limits[limit] as number) - (usedBefore[limit] as number);
}

/** The one gate for anything that leaves the VM. One function, because a guest call costs more than what it does. */
export function admit(kind: number, name: string, limit: number, used: number): void {
  const grant = grants[kind];
  if (grant !== true && (grant === undefined || !covers(grant, name))) deny(kind, name);
  if ((usedBefore[limit] as number) + used > (limits[limit] as number)) exceed(limit);
  if (++hostCalls > (limits[HOST_CALLS] as number)) exceed(HOST_CALLS);
}

function exceed(limit: number): never {
  if (phase === CLOSED && limit === HOST_CALLS) {
    hostCalls--;
    throw new TypeErrorConstructor('The outcome of the handler is written already');
  }
  pass(LIMIT_NAMES[limit] as string, limits[limit] as number);
}

/** Throws RESOURCE_LIMIT. */
export function pass(name: string, value: number): never {
  throw codedError('RESOURCE_LIMIT', text('The handler passed ', name, ' (', value, ')'), {
    limit: name,
    value,
  });
}
