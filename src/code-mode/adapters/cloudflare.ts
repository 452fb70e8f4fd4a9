import type { NexusRuntime } from '../../runtime/nexus-runtime.js';
import { renderReason } from '../../support/render-reason.js';
import { jsonCopyWithBytes } from './json-values.js';
import { linesOf, ProgramSandbox, type ProgramSandboxOptions } from './sandbox.js';

/** Functions that programs call. */
export type CloudflareFunctions = Readonly<Record<string, (...args: unknown[]) => Promise<unknown>>>;

/** `ResolvedProvider` of `@cloudflare/codemode`: functions under one name. */
export interface CloudflareProvider {
  readonly name: string;
  readonly fns: CloudflareFunctions;
  /** Code of the provider that runs before the program. */
  readonly prelude?: string;
}

/** `ExecuteResult` of `@cloudflare/codemode`. */
export interface CloudflareResult {
  result: unknown;
  error?: string;
  logs?: string[];
}

/** `Executor` of `@cloudflare/codemode`. */
export interface CloudflareExecutor {
  /** Never throws: errors are in the result. */
  execute(
    code: string,
    providersOrFns: CloudflareProvider[] | CloudflareFunctions,
    options?: { readonly connectors?: readonly unknown[] },
  ): Promise<CloudflareResult>;
}

const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;
/** Reserved words: none of them can be the name of a provider or a tool. */
const RESERVED = new Set(
  (
    'await break case catch class const continue debugger default delete do else enum export extends false finally for function if ' +
    'implements import in instanceof interface let new null package private protected public return static super switch this throw ' +
    'true try typeof undefined var void while with yield'
  ).split(' '),
);
const PREFIXES = { warn: '[warn] ', error: '[error] ' };

/**
 * The global of a provider. Every property is a function that calls the host, except those that a prelude set. `then` is undefined, so that `await`
 * does not take it for a promise.
 */
const MAKE = `(space)=>new Proxy({},{get(own,name){if(Object.prototype.hasOwnProperty.call(own,name))return own[name];
if(typeof name!=='string'||name==='then')return undefined;return(...args)=>$ext.tools.call(space,name,...args)}})`;

/**
 * An executor for `createCodeTool` of `@cloudflare/codemode` outside of Workers: its programs run in the VM of a runtime. It needs no package of
 * Cloudflare.
 *
 * @throws NexusError INVALID_ARGUMENT
 *
 * @example
 * const codemode = createCodeTool({ tools, executor: cloudflareExecutor(runtime) });
 */
export function cloudflareExecutor(runtime: NexusRuntime, options?: ProgramSandboxOptions): CloudflareExecutor {
  const sandbox = new ProgramSandbox(runtime, options);
  return {
    async execute(code, providersOrFns, { connectors = [] } = {}) {
      try {
        if (connectors.length > 0) throw new Error('Connectors are bound to Workers: pass their tools as a provider');
        const providers = Array.isArray(providersOrFns) ? providersOrFns : [{ name: 'codemode', fns: providersOrFns }];
        return await execute(sandbox, code, providers as readonly CloudflareProvider[]);
      } catch (error) {
        return { result: undefined, error: renderReason(error) };
      }
    },
  };
}

async function execute(
  sandbox: ProgramSandbox,
  code: string,
  providers: readonly CloudflareProvider[],
): Promise<CloudflareResult> {
  const spaces = new Map<string, ReadonlyMap<string, CloudflareFunctions[string]>>();
  for (const { name, fns } of providers) {
    requireName(name);
    if (spaces.has(name)) throw new Error(`Duplicate provider name "${name}"`);
    spaces.set(name, namedFunctions(name, fns));
  }
  const names = JSON.stringify([...spaces.keys()]);
  const preludes = providers.flatMap(({ prelude }) => (prelude === undefined ? [] : [`${prelude}\n;`]));
  const { logs, ...ended } = await sandbox.run({
    code,
    prologue: `{const make=${MAKE};for(const name of ${names})globalThis[name]=make(name)}${preludes.join('')}`,
    timeoutMs: undefined,
    call: async (space, name, ...args) => {
      const found = typeof space === 'string' && typeof name === 'string' ? spaces.get(space)?.get(name) : undefined;
      if (found === undefined) throw new Error(`Tool "${String(name)}" not found`);
      return jsonCopyWithBytes(await found(...args.map(jsonCopyWithBytes)));
    },
  });
  const lines = linesOf(logs, PREFIXES);
  if (ended.error === undefined) return { result: jsonCopyWithBytes(ended.value), logs: lines };
  return { result: undefined, error: ended.error.message, logs: lines };
}

/** A provider is a global of the program, and must not stand in place of another. */
function requireName(name: string): void {
  if (!IDENTIFIER.test(name)) throw new Error(`Provider name "${name}" is not a valid JavaScript identifier`);
  if (name.startsWith('__') || name.startsWith('$') || name in globalThis || RESERVED.has(name)) {
    throw new Error(`Provider name "${name}" is reserved`);
  }
}

/** By the names that programs use, as the types for the model have them. */
function namedFunctions(provider: string, fns: CloudflareFunctions): ReadonlyMap<string, CloudflareFunctions[string]> {
  const byName = new Map<string, { readonly given: string; readonly call: CloudflareFunctions[string] }>();
  for (const [given, call] of Object.entries(fns)) {
    const name = identifierOf(given);
    const other = byName.get(name);
    if (other !== undefined) {
      throw new Error(
        `Tool names "${other.given}" and "${given}" both sanitize to "${name}" in provider "${provider}"`,
      );
    }
    byName.set(name, { given, call });
  }
  return new Map([...byName].map(([name, { call }]) => [name, call]));
}

function identifierOf(given: string): string {
  const name = given.replaceAll(/[-.\s]/g, '_').replaceAll(/[^\w$]/g, '');
  if (name === '') return '_';
  const started = /^\d/.test(name) ? `_${name}` : name;
  return RESERVED.has(started) ? `${started}_` : started;
}
