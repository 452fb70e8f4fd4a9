import type { Node } from 'acorn';
import { TIMER_METHOD } from '../../../guest/abi.js';
import type { Interpreter } from '../interpreter.js';
import { patternsOf } from '../syntax/names.js';
import { isPrimitive, NOTHING, union, type Value } from '../values/atoms.js';
import type { NativeCall } from './native-methods.js';

/** A URL up to the end of its host, which only then is known. */
const WHOLE_HOST = /^(https?:\/\/[^/?#\\]+)(?:[/?#]|$)/i;

/**
 * What a request needs: method and host, as far as they are texts.
 *
 * @param made what the answer is
 */
export function callFetch({ machine, args, at }: NativeCall, made: (call: NativeCall) => Value): Value {
  const { atoms, demands, flow } = machine;
  const input = args.at(0);
  const isSpread = args.hasSpread;
  const hosts = isSpread ? ['*'] : hostsOf(input);
  // Of a Request, the method is its own.
  const methods = isSpread || hosts.includes('*') ? ['*'] : methodsOf(machine, args.at(1), at);
  for (const method of methods) {
    for (const host of hosts) {
      const name = method === '*' && host === '*' ? '*' : `${method}:${host}`;
      demands.add('net', name, at, `fetch is called${name === '*' ? '' : ` with ${name}`}`);
    }
  }
  machine.readWhole(args.all(), at);
  if (args.count > 1 || isSpread) {
    // A signal of the handler's own has methods, and a reason.
    const signal = machine.load(args.from(1), atoms.constant('signal'), at);
    machine.escape(new Set([...signal].filter((atom) => !isPrimitive(atom))), at, 'a call of a builtin');
    if (signal.size > 0) machine.callUnknown(at);
  }
  flow.add(machine.thrown, atoms.unknown);
  return made({ machine, self: NOTHING, args: args.drop(args.count), at });
}

function hostsOf(input: Value): string[] {
  const hosts = [...input].map((atom) => {
    const text = atom.kind === 'constant' ? String(atom.value) : atom.kind === 'prefix' ? atom.text : '';
    const match = WHOLE_HOST.exec(text);
    // What is behind a beginning may belong to its host.
    const isWhole = match !== null && (atom.kind === 'constant' || text.length > (match[1] ?? '').length);
    if (!isWhole || !URL.canParse(match[1] ?? '')) return '*';
    const { host, username } = new URL(match[1] ?? '');
    return username === '' && host !== '' ? host : '*';
  });
  return hosts.length === 0 ? ['*'] : [...new Set(hosts)];
}

function methodsOf(machine: Interpreter, options: Value, at: Node): string[] {
  const isAbsent = [...options].every(
    (atom) => atom.kind === 'constant' && (atom.value === undefined || atom.value === null),
  );
  if (isAbsent) return ['GET'];
  const given = machine.load(options, machine.atoms.constant('method'), at);
  const methods = [...given].map((atom) => {
    if (atom.kind !== 'constant') return '*';
    const method = atom.value === undefined ? 'GET' : String(atom.value).toUpperCase();
    return /^[A-Z][A-Z0-9-]*$/.test(method) ? method : '*';
  });
  return methods.length === 0 ? ['*'] : [...new Set(methods)];
}

/** A function that sets a timer. Its callback, if it has one, is called later. */
export function callTimer(path: string, { machine, args, at }: NativeCall): Value {
  machine.demands.add('timer', TIMER_METHOD, at, `${path} is called`);
  machine.call(args.at(0), undefined, args.drop(2), at);
  return machine.atoms.primitive;
}

/** A promise that waits for a timer; an AbortSignal may end it with a reason of the handler's. */
export function callSleep(path: string, { machine, args, at }: NativeCall): Value {
  machine.demands.add('timer', TIMER_METHOD, at, `${path} is called`);
  machine.readWhole(args.at(0), at);
  const options = args.from(1);
  if (options.size === 0) return machine.atoms.undefined;
  machine.escape(options, at, 'a call of a builtin');
  machine.callUnknown(at);
  machine.flow.add(machine.thrown, machine.atoms.unknown);
  return union(machine.atoms.undefined);
}

/** A promise of what is signalled under a name, for a time at most if there are options. */
export function callSignal({ machine, args, at }: NativeCall): Value {
  const { demands, flow, atoms } = machine;
  const given = args.at(0);
  const isUnknown = args.hasSpread || (given.size === 0 && flow.isSettled);
  for (const name of isUnknown ? ['*'] : patternsOf(given)) {
    demands.add('signal', name, at, `$signal is called${name === '*' ? '' : ` with ${name}`}`);
  }
  machine.readWhole(given, at);
  const options = args.from(1);
  if (options.size > 0) {
    demands.add('timer', TIMER_METHOD, at, '$signal is called with options');
    machine.escape(options, at, 'a call of a builtin');
    machine.callUnknown(at);
  }
  flow.add(machine.thrown, atoms.unknown);
  return machine.data(at, 'signal');
}
