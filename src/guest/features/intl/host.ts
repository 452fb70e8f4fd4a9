import { INTL_ERROR, INTL_OPERATIONS } from '../../abi.js';

type Operation = (typeof INTL_OPERATIONS)[number];
type HostFunction = (operation: number, subject: string, ...values: unknown[]) => unknown;

const RangeErrorConstructor = RangeError;
const TypeErrorConstructor = TypeError;

let hostFunction: HostFunction;

export function openHost(given: HostFunction): void {
  hostFunction = given;
}

/** The number of an operation, looked up when the image is made. */
export function operation(name: Operation): number {
  return INTL_OPERATIONS.indexOf(name);
}

/**
 * Asks ICU. Values are primitive.
 *
 * @returns a primitive value, or an array whose first item says nothing
 * @throws RangeError, TypeError of the host
 */
export function ask(number: number, subject: string, a?: unknown, b?: unknown, c?: unknown): unknown {
  const answer = hostFunction(number, subject, a, b, c);
  if (typeof answer === 'object' && answer !== null) {
    const list = answer as readonly unknown[];
    if (list[0] === INTL_ERROR) {
      const message = list[2] as string;
      throw list[1] === 'TypeError' ? new TypeErrorConstructor(message) : new RangeErrorConstructor(message);
    }
  }
  return answer;
}

/** {@link ask} for an answer that is never undefined. */
export function askFor(number: number, subject: string, a?: unknown, b?: unknown, c?: unknown): unknown {
  const answer = ask(number, subject, a, b, c);
  if (answer === undefined) throw new RangeErrorConstructor('The host has no answer');
  return answer;
}
