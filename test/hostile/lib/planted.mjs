// Guest code that plants accessors under the names that the prelude, the engine and the host use.

/** Names that the prelude, the engine and the host use. */
export const NAMES = `['value', 'get', 'set', 'writable', 'enumerable', 'configurable', 'length', 'then', 'toJSON', 'name', 'message',
  'stack', 'code', 'context', 'thrown', 'apply', 'call', 'constructor', 'has', 'ownKeys', 'getPrototypeOf', 'set', 'status',
  'path', 'capability', 'limit', 'calls', 'done', 'next', 'return', 'raw', 'index', 'input', 'flags', 'cause', 'errors',
  '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '100', '-1', 'a', 'e', 'c']`;
/** `define(target, key, get, set)`, which works whatever was planted before. */
export const PLANT = `const define = (target, key, get, set) => {
  const d = Object.create(null); d.configurable = true; d.get = get; d.set = set; Reflect.defineProperty(target, key, d);
};`;
