import { success, thrown } from '../lib/outcomes.mjs';
import { NAMES, PLANT } from '../lib/planted.mjs';
import { COLD_AND_HOT } from '../lib/ways.mjs';

export const title = 'internals';
export const ways = COLD_AND_HOT;

const CONTEXT = {
  stateSnapshot: { n: 1 },
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*', 'view:update:*'],
};

function program(name, source, expect) {
  return { name, source, context: CONTEXT, expect };
}

export const programs = [
  program(
    'this and arguments',
    'return [this === globalThis, arguments.length, new.target === undefined]',
    success([true, 0, true]),
  ),
  program('the caller', 'try { return String(arguments.callee.caller) } catch (error) { return error.name }', [
    success('TypeError'),
    success('undefined'),
    success('null'),
  ]),
  program(
    'the callers of what the prelude calls',
    'const seen = []; $log({ toJSON: function f() { try { seen.push(f.caller) } catch { seen.push(null) } return 1 } }); return seen.every((c) => c == null)',
    success(true, { logs: [{ level: 'info', message: '1' }] }),
  ),
  program(
    'Error.prepareStackTrace',
    'let sites; Error.prepareStackTrace = (error, given) => { sites = given; return given }; try { $emit({ toString() { throw new Error("x") } }) } catch (error) { error.stack } return sites === undefined',
    success(true),
  ),
  program(
    'Error.stackTraceLimit',
    'Error.stackTraceLimit = 0; const f = () => { throw new Error("x") }; f()',
    thrown('Error: x'),
  ),
  program(
    'Error.captureStackTrace',
    'const o = {}; try { Error.captureStackTrace?.(o) } catch {} return typeof (o.stack ?? "")',
    success('string'),
  ),
  program(
    'the text of what the prelude made',
    'return [$emit, $log, $view.focus, console.log].map((f) => Function.prototype.toString.call(f)).join().includes("admit")',
    success(false),
  ),
  program(
    'constructors behind what the prelude made',
    'return [$emit, $log, $view.focus].map((f) => { try { return f.constructor("return 1")() } catch (error) { return error.message } })',
    success(Array(3).fill('eval is not supported')),
  ),
  program('the prelude’s functions as constructors', 'try { new $emit("e") } catch (error) { return error.name }', [
    success('TypeError'),
    success(undefined, { events: [{ name: 'e', payload: undefined }] }),
  ]),
  program(
    'objects that the prelude makes, caught by planted accessors',
    `${PLANT}
    const caught = Object.create(null); let count = 0; const names = ${NAMES}.filter((name) => name !== 'then' && name !== 'constructor');
    for (const name of names) define(Object.prototype, name, undefined, function () { caught['c' + count++] = this });
    try { $state[Symbol('s')] = 1 } catch {}
    $emit('e', { x: [1] });
    for (const name of names) delete Object.prototype[name];
    for (const object of Object.values(caught)) if (Array.isArray(object)) object.length = 0; else for (const key of Object.keys(object)) delete object[key];
    return count`,
    success(0, { events: [{ name: 'e', payload: { x: [1] } }] }),
  ),
  program(
    'errors of the prelude, changed',
    '$state.a = 1; try { $state[Symbol("s")] = 1 } catch (error) { error.constructor.prototype.name = "Mine"; Object.getPrototypeOf(error).code = "TIMEOUT"; throw error }',
    thrown(/^Mine: /, { stateMutations: [{ operation: 'set', key: 'a', value: 1 }] }),
  ),
  program(
    'the prototype of $state',
    'Object.getPrototypeOf($state).polluted = 1; return [$state.polluted, Object.keys($state)]',
    success([1, ['n']]),
  ),
  program(
    'the target of $state through its prototype',
    'Reflect.setPrototypeOf($state, { get n() { return 7 } }); return $state.n',
    success(1),
  ),
  program(
    '$state frozen',
    'try { Object.freeze($state) } catch (error) { return error.name } return "frozen"',
    success('TypeError'),
  ),
  program(
    'globals of the prelude replaced by the handler’s own',
    '$state = { n: 5 }; $emit = () => "mine"; return [$state.n, $emit("e")]',
    success([5, 'mine']),
  ),
  program(
    'hidden globals',
    'return Reflect.ownKeys(globalThis).filter((key) => typeof key === "symbol" || /nexus|prelude|start|collect|sanitized|fallback|install|QTS/i.test(key)).map(String).filter((key) => key !== "Symbol(Symbol.toStringTag)")',
    success([]),
  ),
  program(
    'the host’s own globals',
    'return ["process", "require", "module", "Buffer", "WebAssembly", "Deno", "XMLHttpRequest", "WebSocket", "Worker", "std", "os", "print", "scriptArgs"].filter((name) => name in globalThis)',
    success([]),
  ),
];
