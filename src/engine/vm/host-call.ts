import { MalformedValueError } from '../../codec/values/decoding/byte-reader.js';
import { ValueEncoder } from '../../codec/values/encoding/encode.js';
import type { LocaleSettings } from '../../config/locale.js';
import { INTL_ERROR, MAX_INTL_TEXT } from '../../guest/abi.js';
import { MalformedRequestError } from '../../intl/formatter-key.js';
import { IntlOperations, type Passed } from '../../intl/operations.js';
import { type BytesPointer, NO_VALUE, type ValuePointer, valueAt } from '../pointers.js';
import { type EngineAccess, VALUE_BYTES } from './engine-access.js';
import { readGuestText, TextTag } from './guest-texts.js';
import { GuestException } from './vm-errors.js';

const MAX_ARGUMENTS = 6;
const MAX_MESSAGE = 300;

/** The types of JSValues, as the engine numbers them. All others but floats are objects or the engine's own. */
const ValueTag = { int: 0, boolean: 1, null: 2, undefined: 3, ...TextTag } as const;
/** The least tag, and the first after those of values that are no floats. */
const FIRST_TAG = -9;
const FLOAT_TAG = 8;

/** One in each thread: what it keeps is the same for all VMs. */
const operations = new IntlOperations();

/**
 * The function of the host that the guest calls with primitive values, and that answers at once: see
 * `intl/operations.ts`. It runs no code of the guest, and whatever it is given, it gives a value or nothing.
 */
export class HostCall {
  readonly #engine: EngineAccess;
  readonly #read: (encoded: Uint8Array) => ValuePointer;
  readonly #encoder = new ValueEncoder();
  #isAnswering = false;

  constructor(engine: EngineAccess, read: (encoded: Uint8Array) => ValuePointer) {
    this.#engine = engine;
    this.#read = read;
  }

  /** @returns a new value, or nothing if there is no room for it or the guest's half would not ask so */
  answer(argc: number, argv: BytesPointer, settings: LocaleSettings): ValuePointer {
    if (this.#isAnswering || argc < 2 || argc > MAX_ARGUMENTS) return NO_VALUE;
    this.#isAnswering = true;
    try {
      return this.#read(this.#encoder.encode(this.#perform(argc, argv, settings), 'answer'));
    } catch (error) {
      if (error instanceof GuestException || error instanceof MalformedValueError) return NO_VALUE;
      throw error;
    } finally {
      this.#isAnswering = false;
    }
  }

  #perform(argc: number, argv: BytesPointer, settings: LocaleSettings): unknown {
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
