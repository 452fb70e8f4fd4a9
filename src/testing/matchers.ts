import type { WasmResult } from '../api/result.js';
import { describe } from '../config/check.js';
import { howItEnded } from './expect-success.js';
import type { MadeCall } from './mocks.js';
import { show, showCall, showList } from './show.js';
import type { TestResult } from './test-result.js';

/** The used part of a matcher's `this` in vitest and Jest. */
export interface MatcherState {
  readonly isNot: boolean;
  readonly equals: (a: unknown, b: unknown) => boolean;
  readonly utils: {
    diff(expected: unknown, received: unknown): string | undefined | null;
  };
}

export interface Verdict {
  readonly pass: boolean;
  readonly message: () => string;
}

/** What a matcher looked for, and what it found. */
interface Finding {
  readonly pass: boolean;
  /** The assertion as in the test: `toHaveEmitted("paid")`. */
  readonly call: string;
  /** `'to emit "paid"'`. */
  readonly verb: string;
  /** Absent if the verb is sufficient. */
  readonly expected?: unknown;
  /** The most similar value that was found. */
  readonly nearest?: unknown;
  /** All values of that kind, below each other; empty if there is none. Not written for an assertion that holds. */
  readonly received: () => string;
  /** The text if there was none. */
  readonly none: string;
}

type Matcher = (this: MatcherState, received: unknown, ...expected: never[]) => Verdict;

/**
 * Matchers for results of `runHandler`, `suspendAt`, `executeHandler` and so on. Register them with
 * `expect.extend(matchers)`.
 */
export const matchers = {
  toHaveMutated(received: unknown, key: string, ...value: [unknown?]) {
    const { stateMutations } = resultOf('toHaveMutated', received);
    const ofKey = stateMutations.filter((mutation) => mutation.key === key);
    const wanted = value.length > 0;
    return judge(this, {
      pass: wanted
        ? ofKey.some(({ operation, value: set }) => operation === 'set' && this.equals(set, value[0]))
        : ofKey.length > 0,
      call: `toHaveMutated(${[key, ...value].map(show).join(', ')})`,
      verb: `to have mutated ${show(key)}`,
      ...(wanted && { expected: value[0] }),
      ...(wanted && ofKey.at(-1)?.operation === 'set' && { nearest: ofKey.at(-1)?.value }),
      received: () =>
        showList(stateMutations, ({ operation, key: name, value: set }) =>
          operation === 'set' ? `set ${show(name)} to ${show(set)}` : `deleted ${show(name)}`,
        ),
      none: 'it mutated nothing',
    });
  },

  toHaveEmitted(received: unknown, name: string, ...payload: [unknown?]) {
    const { events } = resultOf('toHaveEmitted', received);
    const ofName = events.filter((event) => event.name === name);
    const wanted = payload.length > 0;
    return judge(this, {
      pass: wanted ? ofName.some((event) => this.equals(event.payload, payload[0])) : ofName.length > 0,
      call: `toHaveEmitted(${[name, ...payload].map(show).join(', ')})`,
      verb: `to have emitted ${show(name)}`,
      ...(wanted && { expected: payload[0] }),
      ...(wanted && ofName.length > 0 && { nearest: ofName.at(-1)?.payload }),
      received: () => showList(events, (event) => `emitted ${show(event.name)} with ${show(event.payload)}`),
      none: 'it emitted nothing',
    });
  },

  toHaveCalled(received: unknown, name: string, ...args: unknown[]) {
    const calls = callsOf(resultOf('toHaveCalled', received));
    const ofName = calls.filter(({ extensionName, method }) => `${extensionName}.${method}` === name);
    const wanted = args.length > 0;
    return judge(this, {
      pass: wanted ? ofName.some((call) => this.equals(call.args, args)) : ofName.length > 0,
      call: `toHaveCalled(${[name, ...args].map(show).join(', ')})`,
      verb: `to have called $ext.${name}`,
      ...(wanted && { expected: args }),
      ...(wanted && ofName.length > 0 && { nearest: ofName.at(-1)?.args }),
      received: () => showList(calls, (call) => `called ${showCall(call)}`),
      none: 'it called nothing',
    });
  },

  toBeDeniedCapability(received: unknown, ...capability: [string?]) {
    const { status, error } = resultOf('toBeDeniedCapability', received);
    const denied = error?.code === 'PERMISSION_DENIED' ? error.context?.['capability'] : undefined;
    const wanted = capability[0] !== undefined;
    return judge(this, {
      pass: wanted ? denied === capability[0] : denied !== undefined,
      call: `toBeDeniedCapability(${capability.map(show).join(', ')})`,
      verb: wanted ? `to be denied ${show(capability[0])}` : 'to be denied a capability',
      received: () =>
        denied === undefined ? outcomeOf(status, error) : `  was denied ${show(denied)}: ${error?.message}`,
      none: `it ended with ${status}, and errors that a handler catches do not count`,
    });
  },

  toSucceed(received: unknown) {
    const result = resultOf('toSucceed', received);
    const { status } = result;
    return judge(this, {
      pass: status === 'success',
      call: 'toSucceed()',
      verb: 'to succeed',
      received: () => indented(status === 'success' ? `returned ${show(result.returnValue)}` : howItEnded(result)),
      none: `it ended with ${status}`,
    });
  },

  toTimeOut(received: unknown) {
    const { status, error } = resultOf('toTimeOut', received);
    return judge(this, {
      pass: error?.code === 'TIMEOUT',
      call: 'toTimeOut()',
      verb: 'to time out',
      received: () => outcomeOf(status, error),
      none: `it ended with ${status}`,
    });
  },
} satisfies Readonly<Record<string, Matcher>> & ThisType<MatcherState>;

function judge({ isNot, utils }: MatcherState, finding: Finding): Verdict {
  const { pass, call, verb, received, none } = finding;
  return {
    pass,
    message() {
      const lines = [
        `expect(result).${isNot ? 'not.' : ''}${call}`,
        '',
        `Expected the handler ${isNot ? 'not ' : ''}${verb}`,
      ];
      if ('expected' in finding && !isNot) {
        const { expected, nearest } = finding;
        lines[2] += ` with ${show(expected)}`;
        const difference = 'nearest' in finding ? utils.diff(expected, nearest) : undefined;
        if (difference) lines.push('', difference);
      }
      const list = received();
      lines.push('', list === '' ? `Received: ${none}` : `Received: it\n${list}`);
      return lines.join('\n');
    },
  };
}

/** @throws TypeError if it is not a result: for example if the test passes a promise */
function resultOf(matcher: string, received: unknown): WasmResult {
  const result = received as WasmResult | undefined | null;
  if (typeof result === 'object' && result !== null && Array.isArray(result.stateMutations) && 'status' in result) {
    return result;
  }
  const hint = received instanceof Promise ? ': await it first' : '';
  throw new TypeError(`${matcher} is for the result of a handler; received ${describe(received)}${hint}.`);
}

/** A result of the runtime itself has the pending calls and those that were not waited for. */
function callsOf(result: WasmResult & Partial<Pick<TestResult, 'calls'>>): readonly MadeCall[] {
  return result.calls ?? [...(result.suspension?.calls ?? []), ...(result.unawaitedCalls ?? [])];
}

function outcomeOf(status: WasmResult['status'], error: WasmResult['error']): string {
  return error === undefined ? `  ended with ${status}` : `  ended with ${error.code}: ${error.message}`;
}

function indented(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
