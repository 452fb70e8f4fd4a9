import type { WasmContext } from '../../api/context.js';
import type { StandardSchema } from '../../api/schema.js';
import type { SourceOptions } from '../../api/source-options.js';
import { invalidArgument } from '../../config/check.js';
import {
  capabilitiesOf,
  type ExtensionTargets,
  type RequirableModules,
  requireModules,
  requireOptions,
  requireTargets,
  type ScriptKit,
} from '../kit.js';
import { N8N_LIBRARY, N8N_NAMES, N8N_SOURCE } from './guest-library.js';
import type { N8nItem, N8nMode } from './items.js';
import { itemsSchema } from './result-schema.js';

export interface N8nCodeOptions {
  /** @default 'runOnceForAllItems' */
  readonly mode?: N8nMode;
  /**
   * Methods of `this.helpers` and `$helpers` that extensions answer: `{ httpRequest: 'http.request' }`. Any other throws a TypeError that says
   * so. @default none
   */
  readonly helpers?: ExtensionTargets;
  /** Modules that `require` gives, and the libraries of the runtime that they are: `{ lodash: 'lodash' }`. @default none */
  readonly require?: RequirableModules;
  /** The text of luxon, version 3, in CommonJS: `DateTime`, `$now` and `$today` are of it. @default none: using them throws */
  readonly luxon?: string;
  /** The text of jmespath, in CommonJS: `$jmespath` is its `search`. @default none: using it throws */
  readonly jmespath?: string;
}

/** What a script reads. All fields but `items` are optional. */
export interface N8nInput {
  /** What the node before it gave. */
  readonly items: readonly N8nItem[];
  /** What other nodes gave, by their names: `$('Name')`, `$node['Name']`, `$items('Name')`. @default none */
  readonly nodes?: Readonly<Record<string, readonly N8nItem[]>>;
  /** `$env`. @default {} */
  readonly env?: Readonly<Record<string, string>>;
  /** `$vars`. @default {} */
  readonly vars?: Readonly<Record<string, unknown>>;
  /** `$workflow`. @default {} */
  readonly workflow?: Readonly<Record<string, unknown>>;
  /** `$execution`. @default {} */
  readonly execution?: Readonly<Record<string, unknown>>;
  /** `$prevNode`. @default {} */
  readonly prevNode?: Readonly<Record<string, unknown>>;
  /** `$parameter`. @default {} */
  readonly parameter?: Readonly<Record<string, unknown>>;
  /** `$runIndex`. @default 0 */
  readonly runIndex?: number;
  /**
   * `$getWorkflowStaticData`: what the last execution left. Changes are in `stateMutations`, of the keys `global` and `node`.
   *
   * @default none: calling it throws
   */
  readonly staticData?: { readonly global?: object; readonly node?: object };
}

/** How the result of a script is read. */
export interface N8nExecution {
  /** Whether dates of luxon leave as ISO texts: only with luxon, because looking for them takes longer than most scripts. */
  readonly toJSON: boolean;
  readonly schemas: { readonly result: StandardSchema<unknown, N8nItem[]>; readonly maxValues: number };
}

/** {@link n8nCode} */
export interface N8nCodeKit extends ScriptKit {
  readonly options: SourceOptions & N8nExecution;
  /** The options of a call without `source`: those of `executeCompiledHandler` and of `resumeHandler`. */
  readonly execution: N8nExecution;
  /**
   * The context of an execution, with the capabilities that its script needs.
   *
   * @throws NexusError INVALID_ARGUMENT
   */
  context(input: N8nInput): WasmContext;
}

/** Checking takes less than 1 µs for each. */
const MAX_RESULT_VALUES = 200_000;
const NO_LIBRARY = 'the runtime lacks the library of the kit: createRuntime({ libraries: n8nCode().libraries })';
const OPTIONS = ['mode', 'helpers', 'require', 'luxon', 'jmespath'];
const INPUT = [
  ...['items', 'nodes', 'env', 'vars', 'workflow', 'execution', 'prevNode', 'parameter', 'runIndex', 'staticData'],
];

/**
 * Runs scripts of n8n's Code node as they are. The returned value of the result is the items, by the rules of the node: what is no item is
 * VALIDATION_ERROR.
 *
 * @example
 * const kit = n8nCode({ mode: 'runOnceForAllItems' });
 * const runtime = await createRuntime({ libraries: kit.libraries });
 * const context = kit.context({ items: [{ json: { price: 2 } }] });
 * const { returnValue } = await runtime.executeHandler('return [{ total: $input.first().json.price }]', context, kit.options);
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function n8nCode(options: N8nCodeOptions = {}): N8nCodeKit {
  requireOptions('options', options, OPTIONS);
  const { mode = 'runOnceForAllItems', helpers = {}, require = {}, luxon, jmespath } = options;
  if (mode !== 'runOnceForAllItems' && mode !== 'runOnceForEachItem') {
    throw invalidArgument('options.mode', mode, "'runOnceForAllItems' or 'runOnceForEachItem'");
  }
  requireTargets('options.helpers', helpers);
  requireModules('options.require', require);
  requireText('options.luxon', luxon);
  requireText('options.jmespath', jmespath);
  const call = [JSON.stringify(mode), '$args', JSON.stringify({ helpers, modules: require })].join();
  const source = {
    // The script is a function of its own, so that it may declare these names.
    wrap: {
      prologue: `return($lib.${N8N_LIBRARY}??{run(){throw new TypeError(${JSON.stringify(NO_LIBRARY)})}}).run(${call},({${N8N_NAMES.join()}})=>async function(){`,
      epilogue: '});',
    },
  };
  const schemas = { result: itemsSchema(mode), maxValues: MAX_RESULT_VALUES };
  const execution = { toJSON: luxon !== undefined, schemas };
  return {
    libraries: {
      ...(luxon !== undefined && { luxon: { source: luxon } }),
      ...(jmespath !== undefined && { jmespath: { source: jmespath } }),
      [N8N_LIBRARY]: { source: N8N_SOURCE },
    },
    source,
    execution,
    options: { ...source, ...execution },
    context: (input) => contextOf(input, helpers),
  };
}

function contextOf(input: N8nInput, helpers: ExtensionTargets): WasmContext {
  requireOptions('input', input, INPUT);
  const { items, nodes = {}, staticData, runIndex = 0 } = input;
  if (!Array.isArray(items)) throw invalidArgument('input.items', items, 'an array of items, each with its json');
  for (const [name, output] of Object.entries(nodes)) {
    if (!Array.isArray(output)) throw invalidArgument(`input.nodes.${name}`, output, 'an array of items');
  }
  const { env = {}, vars = {}, workflow = {}, execution = {}, prevNode = {}, parameter = {} } = input;
  const hasStaticData = staticData !== undefined;
  return {
    args: { items, nodes, env, vars, workflow, execution, prevNode, parameter, runIndex, hasStaticData },
    ...(staticData && { stateSnapshot: { global: staticData.global ?? {}, node: staticData.node ?? {} } }),
    capabilities: [
      ...capabilitiesOf(helpers),
      ...(hasStaticData ? ['state:read:global', 'state:write:global', 'state:read:node', 'state:write:node'] : []),
    ],
  };
}

function requireText(field: string, text: unknown): void {
  if (text === undefined || typeof text === 'string') return;
  throw invalidArgument(field, text, "the text of the package's file, as readFileSync(path, 'utf8') gives it");
}
