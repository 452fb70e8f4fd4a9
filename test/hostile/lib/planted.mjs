// Guest code that plants accessors where the prelude, the engine and the host keep what is theirs.

/** Names under which the prelude, the engine and the host keep what is theirs. */
export const NAMES = `['value', 'get', 'set', 'writable', 'enumerable', 'configurable', 'length', 'then', 'toJSON', 'name', 'message',
  'stack', 'code', 'context', 'thrown', 'apply', 'call', 'constructor', 'has', 'ownKeys', 'getPrototypeOf', 'set', 'status',
  'path', 'capability', 'limit', 'calls', 'done', 'next', 'return', 'raw', 'index', 'input', 'flags', 'cause', 'errors',
  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '100', '-1', 'a', 'e', 'c']`;
/** `define(target, key, get, set)`, whatever was planted before. */
export const PLANT = `const define = (target, key, get, set) => {
  const d = Object.create(null); d.configurable = true; d.get = get; d.set = set; Reflect.defineProperty(target, key, d);
};`;
