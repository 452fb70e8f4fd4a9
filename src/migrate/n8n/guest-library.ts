/** The name under which the library is in the runtime's `libraries`. */
export const N8N_LIBRARY = 'n8n';

/** The names that a script of the Code node may use. */
export const N8N_NAMES = [
  ...['$input', '$json', '$binary', 'items', 'item', '$itemIndex', '$runIndex', '$', '$node', '$items', '$item'],
  ...['$env', '$vars', '$workflow', '$execution', '$prevNode', '$parameter', '$getWorkflowStaticData'],
  ...['$now', '$today', 'DateTime', 'Duration', 'Interval', '$jmespath', '$helpers', 'helpers', '$evaluateExpression'],
  ...['$secrets', 'require', 'Buffer'],
] as const;

/**
 * What the names are inside of the VM. It shares it with the script, so nothing here is a check: `result-schema.ts` checks on the host.
 *
 * `run(mode, args, { helpers, modules }, body)` calls the body with the names, once or for each item. A name that cannot be is a proxy that says so as soon
 * as it is used.
 */
export const N8N_SOURCE = `
function absent(name, remedy, target = function () {}) {
  const refuse = () => {
    throw new TypeError(name + ' is not available here: ' + remedy);
  };
  const handler = { get: refuse, apply: refuse, construct: refuse, set: refuse, has: refuse, ownKeys: refuse, getPrototypeOf: refuse };
  return new Proxy(target, handler);
}

const HTTP = 'there is no helper for it. Offer an extension and pass n8nCode({ helpers: { httpRequest: "http.request" } }), or use fetch, where the runtime has the option network';
const LUXON = 'it is part of luxon. Pass its text: n8nCode({ luxon: readFileSync("node_modules/luxon/build/cjs-browser/luxon.js", "utf8") })';
const JMESPATH = 'pass the text of the package: n8nCode({ jmespath: readFileSync("node_modules/jmespath/jmespath.js", "utf8") })';

const LIBRARIES =
  'pass n8nCode({ require: { <module>: <library> } }) for a library of the runtime; ' + HTTP + '; crypto.randomUUID() is a global';

function requireOf(modules) {
  return (name) => {
    if (Object.hasOwn(modules, name)) return $lib[modules[name]];
    throw new TypeError('require(' + JSON.stringify(name) + ') is not available here: ' + LIBRARIES);
  };
}

function helpersOf(targets) {
  const known = {};
  for (const [name, target] of Object.entries(targets)) {
    const [extension, method] = target.split('.');
    known[name] = (...args) => $ext[extension][method](...args);
  }
  return new Proxy(known, {
    get(helpers, name) {
      if (typeof name === 'symbol' || Object.hasOwn(helpers, name)) return helpers[name];
      const remedy = /request/i.test(name)
        ? HTTP
        : 'offer an extension and pass n8nCode({ helpers: { ' + name + ': "files.' + name + '" } })';
      throw new TypeError('helpers.' + name + ' is not available here: ' + remedy);
    },
  });
}

/** The place in a list of an item that another one was made of, as far as it is known. */
function pairedIndex(item) {
  const paired = item?.pairedItem;
  const [only, ...others] = Array.isArray(paired) ? paired : [paired];
  return others.length > 0 ? undefined : typeof only === 'number' ? only : only?.item;
}

/** The output of a node. */
function outputOf(name, items, { args, itemIndex }) {
  const requireFirst = (method, output, run) => {
    const isRun = run === undefined || run === -1 || run === args.runIndex;
    if ((output === undefined || output === 0) && isRun) return items;
    throw new TypeError(
      name + '.' + method + '(' + [output, run].filter((each) => each !== undefined).join(', ') +
        ') is not available here: there is the first output of the current run; pass others to context({ nodes }) by names of their own',
    );
  };
  const pairedWith = (index) => {
    if (items.length === 1) return items[0];
    const paired = pairedIndex(args.items[index]);
    if (paired !== undefined) return items[paired];
    if (items.length === args.items.length) return items[index];
    throw new TypeError(
      'Which item of ' + name + ' belongs to item ' + index + ' is not known: give the items pairedItem, or use .all()',
    );
  };
  return {
    all: (output, run) => requireFirst('all', output, run),
    first: (output, run) => requireFirst('first', output, run)[0],
    last: (output, run) => requireFirst('last', output, run).at(-1),
    itemMatching: pairedWith,
    pairedItem: (index) => pairedWith(index === undefined ? itemIndex : index),
    get item() {
      return pairedWith(itemIndex);
    },
    isExecuted: true,
    get params() {
      throw new TypeError(name + '.params is not available here: pass what the script needs as an item');
    },
  };
}

function nodesOf(args, itemIndex) {
  const { nodes } = args;
  return (name) => {
    const quoted = JSON.stringify(name);
    if (Object.hasOwn(nodes, name)) return outputOf('$(' + quoted + ')', nodes[name], { args, itemIndex });
    const names = Object.keys(nodes).map((each) => JSON.stringify(each)).join(', ');
    throw new ReferenceError(
      'There is no node ' + quoted + ': context({ nodes }) gives ' + (names || 'none') + ', each with its items',
    );
  };
}

const onlyIn = (what, mode) => {
  throw new TypeError(what + ' is only available in the mode ' + mode);
};

function inputOf(mode, args, itemIndex) {
  const { items } = args;
  if (mode === 'runOnceForAllItems') {
    const { all, first, last } = outputOf('$input', items, { args, itemIndex });
    return { all, first, last, item: items[itemIndex], itemMatching: (index) => items[index] };
  }
  const refuse = (name) => () => onlyIn('$input.' + name + '()', 'runOnceForAllItems');
  return {
    item: items[itemIndex],
    all: refuse('all'),
    first: refuse('first'),
    last: refuse('last'),
    itemMatching: refuse('itemMatching'),
  };
}

function timesOf() {
  const luxon = $lib.luxon;
  if (luxon === undefined) {
    const times = {};
    for (const name of ['$now', '$today', 'DateTime', 'Duration', 'Interval']) {
      times[name] = name.startsWith('$') ? absent(name, LUXON, {}) : absent(name, LUXON);
    }
    return times;
  }
  const { DateTime, Duration, Interval, Settings } = luxon;
  // luxon writes Z for this zone alone, and +00:00 for the zone of the system.
  if (Settings.defaultZone.name === 'UTC') Settings.defaultZone = 'utc';
  const now = DateTime.now();
  return { $now: now, $today: now.startOf('day'), DateTime, Duration, Interval };
}

function queryOf() {
  const jmespath = $lib.jmespath;
  return jmespath === undefined ? absent('$jmespath', JMESPATH) : (value, query) => jmespath.search(value, query);
}

function staticDataOf(hasStaticData) {
  return (type) => {
    if (type !== 'global' && type !== 'node') throw new TypeError('$getWorkflowStaticData takes "global" or "node"');
    if (!hasStaticData) {
      throw new TypeError('$getWorkflowStaticData needs context({ staticData: { global: {}, node: {} } })');
    }
    return $state[type];
  };
}

function shared(args, helpers, modules) {
  return {
    $runIndex: args.runIndex,
    $env: args.env,
    $vars: args.vars,
    $workflow: args.workflow,
    $execution: args.execution,
    $prevNode: args.prevNode,
    $parameter: args.parameter,
    $getWorkflowStaticData: staticDataOf(args.hasStaticData),
    ...timesOf(),
    $jmespath: queryOf(),
    $helpers: helpers,
    helpers,
    $evaluateExpression: absent('$evaluateExpression', 'expressions of n8n are no JavaScript; write what it computes'),
    $secrets: absent('$secrets', 'a script in the VM gets no secrets; have an extension use them'),
    require: requireOf(modules),
    Buffer: absent('Buffer', 'use btoa(text), atob(text), TextEncoder and Uint8Array'),
  };
}

function namesFor(mode, args, names, itemIndex) {
  const { items } = args;
  const current = items[itemIndex];
  const $ = nodesOf(args, itemIndex);
  const isAll = mode === 'runOnceForAllItems';
  return {
    ...names,
    $input: inputOf(mode, args, itemIndex),
    $json: current?.json,
    $binary: current?.binary ?? {},
    $itemIndex: itemIndex,
    items: isAll ? items : absent('items', 'use $input.item, or the mode runOnceForAllItems'),
    item: isAll ? absent('item', 'use $input.first(), or the mode runOnceForEachItem') : current,
    $,
    $node: new Proxy({}, {
      get: (_, name) => {
        const item = typeof name === 'symbol' ? undefined : $(name).item;
        return item && { json: item.json, binary: item.binary ?? {} };
      },
    }),
    $items: (name, output, run) => (name === undefined ? items : $(name).all(output, run)),
    $item: (index) => namesFor(mode, args, names, index),
  };
}

exports.run = async (mode, args, options, body) => {
  const helpers = helpersOf(options.helpers);
  const names = shared(args, helpers, options.modules);
  const self = { helpers, getInputData: () => args.items, getWorkflowStaticData: names.$getWorkflowStaticData };
  const call = (index) => body(namesFor(mode, args, names, index)).call(self);
  if (mode === 'runOnceForAllItems') return call(0);
  const results = [];
  for (let index = 0; index < args.items.length; index++) {
    results.push(await call(index));
  }
  return results;
};
`;
