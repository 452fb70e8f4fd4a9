import type { AsyncResult } from '../api/answers.js';
import type { ExtensionCall } from '../api/result.js';
import { EXTENSION_NAME, isExtensionName } from '../capabilities/token.js';
import { invalidArgument } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { methodNamesOf } from '../execution/request/build-request.js';
import { asAnswer, RecordedAnswers } from './recording/recorded-answers.js';
import { showCall } from './show.js';

/** Extensions for a test, by name: objects of functions and `answers([…])`, or instances of classes. */
export type ExtensionMocks = Readonly<Record<string, object>>;

/** An extension call of a handler in a test. */
export interface MadeCall extends ExtensionCall {
  /**
   * The answer that the handler got. Absent if it has none: the handler waits for it, or ended before the
   * call was made.
   */
  readonly answer?: AsyncResult;
}

/** The mocks of one run of a handler, and its calls in order. */
export class Mocks {
  readonly #mocks: ExtensionMocks;
  readonly #calls = new Map<string, MadeCall>();
  /** How many of its recorded answers each method has given, by name. */
  readonly #given = new Map<string, number>();

  /** @throws NexusError INVALID_ARGUMENT naming the invalid mock */
  constructor(mocks: ExtensionMocks = {}) {
    if (typeof mocks !== 'object' || mocks === null) throw invalidArgument('ext', mocks, 'an object of extensions');
    for (const [name, extension] of Object.entries(mocks)) checkExtension(name, extension);
    this.#mocks = mocks;
  }

  get calls(): readonly MadeCall[] {
    return [...this.#calls.values()];
  }

  has(call: ExtensionCall): boolean {
    return this.#find(call) !== undefined;
  }

  /** Records a call that is not answered yet. */
  note(call: ExtensionCall): void {
    if (!this.#calls.has(call.callId)) this.#calls.set(call.callId, call);
  }

  /** Records the answer that the handler gets. */
  settle(call: ExtensionCall, answer: AsyncResult): void {
    this.#calls.set(call.callId, { ...call, answer });
  }

  /**
   * Makes the call.
   *
   * @returns the answer of the mock; an error that it throws is also an answer
   * @throws NexusError INVALID_ARGUMENT if there is no mock, or none of its recorded answers is left: a
   *   mistake in the test
   */
  async answer(call: ExtensionCall): Promise<AsyncResult> {
    this.note(call);
    const mock = this.#find(call);
    if (mock === undefined) throw this.#missing(call);
    const answer = mock instanceof RecordedAnswers ? this.#next(call, mock) : await ask(mock, call);
    this.settle(call, answer);
    return answer;
  }

  #find({ extensionName, method }: ExtensionCall): RecordedAnswers | (() => unknown) | undefined {
    const extension = Object.hasOwn(this.#mocks, extensionName) ? this.#mocks[extensionName] : undefined;
    if (extension === undefined) return undefined;
    const own: unknown = Object.hasOwn(extension, method) ? Reflect.get(extension, method) : undefined;
    if (own instanceof RecordedAnswers) return own;
    if (!methodNamesOf(extension).includes(method)) return undefined;
    return (Reflect.get(extension, method) as () => unknown).bind(extension);
  }

  #next(call: ExtensionCall, { list }: RecordedAnswers): AsyncResult {
    const name = `${call.extensionName}.${call.method}`;
    const given = this.#given.get(name) ?? 0;
    this.#given.set(name, given + 1);
    if (given >= list.length) {
      throw new NexusError(
        'INVALID_ARGUMENT',
        `The handler calls ${showCall(call)}, its call ${given + 1} of ${name}, and answers([…]) has ${list.length}. ` +
          'Add the answer that it should get, or mock the method with a function.',
        { context: { ...contextOf(call), answers: list.length } },
      );
    }
    return asAnswer(list[given]);
  }

  #missing(call: ExtensionCall): NexusError {
    const { extensionName, method, args } = call;
    const parameters = args.map((_, i) => `arg${i + 1}`).join(', ');
    const quote = (name: string) => (/^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name));
    const known = Object.entries(this.#mocks).flatMap(([name, mocks]) =>
      methodsOf(mocks).map((own) => `${name}.${own}`),
    );
    const others = known.length === 0 ? 'there are no mocks' : `there are mocks for ${known.join(', ')}`;
    return new NexusError(
      'INVALID_ARGUMENT',
      `The handler calls ${showCall(call)}, and no mock answers it: ${others}. ` +
        `Add one to the options:\n  ext: { ${quote(extensionName)}: { ${quote(method)}: async (${parameters}) => … } }`,
      { context: { ...contextOf(call), mocks: known } },
    );
  }
}

async function ask(mock: (...args: unknown[]) => unknown, { args }: ExtensionCall): Promise<AsyncResult> {
  try {
    return { success: true, value: await mock(...args) };
  } catch (error) {
    return { success: false, error };
  }
}

function checkExtension(name: string, extension: unknown): void {
  if (!isExtensionName(name)) throw invalidArgument('ext', name, EXTENSION_NAME);
  if (typeof extension !== 'object' || extension === null || extension instanceof RecordedAnswers) {
    throw invalidArgument(`ext.${name}`, extension, 'an object of methods');
  }
  // An instance of a class may have any members.
  if (Object.getPrototypeOf(extension) !== Object.prototype) return;
  for (const [method, mock] of Object.entries(extension)) {
    if (typeof mock === 'function' || mock instanceof RecordedAnswers) continue;
    const expected = 'a function, or answers([…]) for what it answers in order';
    throw invalidArgument(`ext.${name}.${method}`, mock, expected);
  }
}

function methodsOf(extension: object): string[] {
  const recorded = Object.entries(extension).filter(([, mock]) => mock instanceof RecordedAnswers);
  return [...methodNamesOf(extension), ...recorded.map(([name]) => name)];
}

function contextOf({ extensionName, method, args }: ExtensionCall) {
  return { extensionName, method, args };
}
