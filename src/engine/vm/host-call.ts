import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import type { LocaleSettings } from '../../config/locale.js';
import { HOST_FUNCTIONS, INTL_ERROR, MAX_INTL_TEXT } from '../../guest/abi.js';
import { MalformedRequestError } from '../../intl/formatter-key.js';
import { IntlOperations, type Passed } from '../../intl/operations.js';
import { performCrypto } from '../../webcrypto/operations.js';
import { type BytesPointer, NO_VALUE, type ValuePointer, valueAt } from '../pointers.js';
import { type EngineAccess, OBJECT_TAG, VALUE_BYTES } from './engine-access.js';
import { readGuestText, TextTag } from './guest-texts.js';
import { GuestException } from './vm-errors.js';

export type HostFunctionName = (typeof HOST_FUNCTIONS)[number];

const MAX_ARGUMENTS = 6;
const MAX_MESSAGE = 300;

/** The types of JSValues, as the engine numbers them. All others but floats are objects or the engine's own. */
const ValueTag = { object: OBJECT_TAG, int: 0, boolean: 1, null: 2, undefined: 3, ...TextTag } as const;
/** The least tag, and the first after those of values that are no floats. */
const FIRST_TAG = -9;
const FLOAT_TAG = 8;

/** One in each thread: what it keeps is the same for all VMs. */
const operations = new IntlOperations();

/** The number by which the engine knows a function of the host. */
export function hostFunctionNumber(name: HostFunctionName): number {
  return HOST_FUNCTIONS.indexOf(name) + 1;
}

/**
 * The functions of the host that the guest calls, and that answer at once: `intl/operations.ts` is given primitive values,
 * `webcrypto/operations.ts` ArrayBuffers as well. They run no code of the guest, and whatever they are given, they give a value or nothing; where
 * there is no room for the value, the run ends.
 */
export class HostCall {
  readonly #engine: EngineAccess;
  readonly #read: (encoded: Uint8Array) => ValuePointer;
  readonly #encoder = new ValueEncoder();
  #isAnswering = false;
  #bytesRead = 0;

  constructor(engine: EngineAccess, read: (encoded: Uint8Array) => ValuePointer) {
    this.#engine = engine;
    this.#read = read;
  }

  /** The bytes of ArrayBuffers that the last call was given. */
  get bytesRead(): number {
    return this.#bytesRead;
  }

  /**
   * @param number which function
   * @returns a new value, or nothing if the guest's half would not ask so
   * @throws VmPoisonedError if there is no room for the value: the guest would take nothing for another failure, and go on
   */
  answer(number: number, argc: number, argv: BytesPointer, settings: LocaleSettings): ValuePointer {
    this.#bytesRead = 0;
    const name = HOST_FUNCTIONS[number - 1];
    if (this.#isAnswering || name === undefined || argc < 2 || argc > MAX_ARGUMENTS) return NO_VALUE;
    this.#isAnswering = true;
    try {
      const answer = name === 'intl' ? this.#askIntl(argc, argv, settings) : this.#askCrypto(argc, argv);
      return this.#read(this.#encoder.encode(answer, 'answer'));
    } catch (error) {
      if (error instanceof GuestException && this.#engine.heapExhausted) throw this.#engine.outOfMemory();
      if (error instanceof GuestException || error instanceof MalformedValueError) return NO_VALUE;
      throw error;
    } finally {
      this.#isAnswering = false;
    }
  }

  #askIntl(argc: number, argv: BytesPointer, settings: LocaleSettings): unknown {
    const args: Passed[] = [];
    for (let i = 0; i < argc; i++) {
      const read = this.#argument(valueAt(argv, i * VALUE_BYTES));
      if (read instanceof RangeError) return asAnswer(read);
      args.push(read);
    }
    const [operation, ...rest] = args;
    try {
      return operations.perform(Number(operation), rest, settings);
    } catch (error) {
      if (error instanceof MalformedRequestError) return undefined;
      if (error instanceof RangeError || error instanceof TypeError) return asAnswer(error);
      throw error;
    }
  }

  #askCrypto(argc: number, argv: BytesPointer): unknown {
    const args: (Passed | { readonly start: number; readonly length: number })[] = [];
    for (let i = 0; i < argc; i++) {
      const at = valueAt(argv, i * VALUE_BYTES);
      const read = this.#tagOf(at) === ValueTag.object ? this.#placeOf(at) : this.#argument(at);
      if (read instanceof RangeError) return undefined;
      args.push(read);
    }
    // From here on the engine is not entered, so its memory stays where it is.
    const { bytes } = this.#engine.memory;
    const [operation, ...rest] = args.map((value) =>
      typeof value === 'object' && value !== null ? bytes.subarray(value.start, value.start + value.length) : value,
    );
    return typeof operation === 'number' ? performCrypto(operation, rest) : undefined;
  }

  #placeOf(at: ValuePointer): { readonly start: number; readonly length: number } {
    const place = this.#engine.placeOf(at);
    if (place.start === 0) throw new MalformedValueError('is no ArrayBuffer');
    this.#bytesRead += place.length;
    return place;
  }

  #tagOf(at: ValuePointer): number {
    return this.#engine.cell(at).getInt32(at + 4, true);
  }

  #argument(at: ValuePointer): Passed | RangeError {
    const cell = this.#engine.cell(at);
    const tag = cell.getInt32(at + 4, true);
    const payload = cell.getInt32(at, true);
    switch (tag) {
      case ValueTag.int:
        return payload;
      case ValueTag.boolean:
        return payload !== 0;
      case ValueTag.null:
        return null;
      case ValueTag.undefined:
        return undefined;
      case ValueTag.string:
      case ValueTag.rope:
        return this.#text(at);
      default:
        if (tag >= FIRST_TAG && tag < FLOAT_TAG) throw new MalformedValueError('is no primitive value');
        return this.#engine.enter(() => this.#engine.functions.QTS_GetFloat64(this.#engine.context, at));
    }
  }

  #text(at: ValuePointer): string | RangeError {
    const text = readGuestText(this.#engine, at, MAX_INTL_TEXT);
    return text ?? new RangeError(`A text is too long for this: at most ${MAX_INTL_TEXT} characters`);
  }
}

function asAnswer({ name, message }: Error): unknown {
  return [INTL_ERROR, name === 'TypeError' ? name : 'RangeError', message.slice(0, MAX_MESSAGE)];
}
