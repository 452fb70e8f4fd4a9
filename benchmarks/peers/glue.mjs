// The code that runs a handler in an engine without handlers: the same globals as here, context as JSON,
// effects as JSON. It is minimal: it defines only what the handler names, checks no capability and enforces
// no limit.

const GLOBALS = {
  $state: `const $state = new Proxy(input.state, {
    set(target, key, value) {
      target[key] = value;
      stateMutations.push({ operation: 'set', key, value });
      return true;
    },
    deleteProperty(target, key) {
      delete target[key];
      stateMutations.push({ operation: 'delete', key });
      return true;
    },
  });`,
  $args: 'const $args = input.args;',
  $scope: 'const $scope = input.scope;',
  $emit: 'const $emit = (name, payload) => { events.push({ name, payload }); };',
  $log: `const log = (level) => (...parts) => { logs.push({ level, message: parts.join(' ') }); };
  const $log = Object.assign(log('info'), { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error') });`,
  $view: `const command = (type) => (componentId, ...args) => { viewCommands.push({ type, componentId, args }); };
  const $view = { setFilter: command('setFilter'), scrollTo: command('scrollTo'), focus: command('focus') };`,
};

/** An expression: a function that takes the context as JSON and resolves to the outcome. */
function handlerFunction(source, finish) {
  const named = Object.keys(GLOBALS).filter((name) => source.includes(name));
  return `async (json) => {
  const input = JSON.parse(json);
  const stateMutations = [], events = [], viewCommands = [], logs = [];
  ${named.map((name) => GLOBALS[name]).join('\n  ')}
  const returnValue = await (async () => {${source}
})();
  return ${finish('{ returnValue, stateMutations, events, viewCommands, logs }')};
}`;
}

/** Resolves to JSON, for engines from which strings are the fastest output. */
export const jsonHandler = (source) => handlerFunction(source, (outcome) => `JSON.stringify(${outcome})`);

/** Resolves to the outcome itself, for engines that copy values. */
export const plainHandler = (source) => handlerFunction(source, (outcome) => outcome);

/** A statement that creates `$lib` from CommonJS or UMD text; an empty string without libraries. */
export function librariesScript(libraries) {
  const entries = Object.entries(libraries);
  if (entries.length === 0) return '';
  // Some libraries look for `global` or `self`, and without one compile a function from a string.
  const define = ([name, source]) => `$lib.${name} = ((module, global, self) => {
(function (module, exports) {${source}
}).call(globalThis, module, module.exports); return module.exports; })({ exports: {} }, globalThis, globalThis);`;
  return `globalThis.$lib = {};\n${entries.map(define).join('\n')}\n`;
}

/** What an application does for each execution, since each has a new context. */
export function encodeContext({ stateSnapshot = {}, args = {}, scope = {} }) {
  return JSON.stringify({ state: stateSnapshot, args, scope });
}
