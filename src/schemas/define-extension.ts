import type {
  DefinedExtensions,
  ExtensionDefinitions,
  ExtensionMethod,
  SchemasByMethod,
} from '../api/extension-definition.js';
import type { Schema } from '../api/schema.js';
import { EXTENSION_NAME, isExtensionName } from '../capabilities/token.js';
import { checkFunction, invalidArgument, rejectUnknownKeys } from '../config/check.js';
import { InputMismatch, OutputMismatch } from './extension-errors.js';
import { checkMaxValues, checkSchema, DEFAULT_MAX_VALUES, validate } from './validate.js';

/** Options of {@link defineExtension}. */
export interface DefineExtensionOptions {
  /**
   * How many values an argument may consist of to be checked, each of them counted as often as there is a path to it. @default 10,000
   */
  readonly maxValues?: number;
}

/** A method as it was defined. */
export type DefinedMethod = ExtensionMethod<Schema, Schema>;

/** Registered, so that `nexus-runtime/typescript` finds it. */
const METHODS = Symbol.for('nexus-runtime.methods');
const KEYS = ['input', 'output', 'description', 'idempotent', 'execute'];

/**
 * Defines extensions whose calls are checked on the host: what a handler passes, before `execute` gets it, and
 * what `execute` answers, before the handler gets it. The types of both follow from the schemas.
 *
 * A handler that passes something else gets a ValidationError at its `await`, with the path: `http.get: input.url:
 * Invalid URL`. Its `issues` are fields of the error. If the answer is not what `output` says, the handler gets an
 * error without details, and the operator a warning NEXUS_SCHEMA with them, by `observer.onWarning`.
 *
 * @param definitions methods by name, by the name of the extension
 * @returns for `extensions` of `run`, for `extensionRegistry` of a context, and for `handlerTypes`. The methods
 *   can be called from tests, too, and are checked there as well
 * @throws NexusError INVALID_ARGUMENT naming the method and what is wrong with it
 *
 * @example
 * const extensions = defineExtension({
 *   http: {
 *     get: {
 *       description: 'Fetches a page.',
 *       input: z.object({ url: z.url() }),
 *       output: z.object({ status: z.number(), body: z.string() }),
 *       execute: async ({ url }) => {
 *         const response = await fetch(url, { signal: currentCall()?.signal });
 *         return { status: response.status, body: await response.text() };
 *       },
 *     },
 *   },
 * });
 * await runtime.run(code, { capabilities: ['ext:http.get'] }, { extensions });
 */
export function defineExtension<Inputs extends SchemasByMethod, Outputs extends SchemasByMethod>(
  definitions: ExtensionDefinitions<Inputs, Outputs>,
  options: DefineExtensionOptions = {},
): DefinedExtensions<Inputs, Outputs> {
  requireObject('definitions', definitions);
  requireObject('options', options);
  rejectUnknownKeys(options, ['maxValues'], 'options.', 'INVALID_ARGUMENT');
  const { maxValues = DEFAULT_MAX_VALUES } = options;
  checkMaxValues('options.maxValues', maxValues);
  const extensions = Object.entries(definitions).map(([name, methods]): [string, object] => {
    if (!isExtensionName(name)) throw invalidArgument('definitions', name, EXTENSION_NAME);
    requireObject(`definitions.${name}`, methods);
    return [name, extensionOf(name, methods, maxValues)];
  });
  return Object.fromEntries(extensions) as DefinedExtensions<Inputs, Outputs>;
}

/** The methods as they were defined; undefined for an extension that `defineExtension` did not make. */
export function definedMethodsOf(extension: object): Readonly<Record<string, DefinedMethod>> | undefined {
  return METHODS in extension ? (extension[METHODS] as Readonly<Record<string, DefinedMethod>>) : undefined;
}

function extensionOf(name: string, methods: object, maxValues: number): object {
  const defined: Record<string, DefinedMethod> = {};
  const extension: Record<string, unknown> = {};
  for (const [method, definition] of Object.entries(methods)) {
    const field = `definitions.${name}.${method}`;
    checkDefinition(field, definition);
    // A copy, so that what was checked is what is used.
    defined[method] = Object.freeze({ ...definition });
    extension[method] = checkedMethod(`${name}.${method}`, definition, maxValues);
  }
  Object.defineProperty(extension, METHODS, { value: Object.freeze(defined) });
  return Object.freeze(extension);
}

function checkDefinition(field: string, definition: unknown): asserts definition is DefinedMethod {
  requireObject(field, definition);
  rejectUnknownKeys(definition, KEYS, `${field}.`, 'INVALID_ARGUMENT');
  const { input, output, description, idempotent, execute } = definition as Partial<DefinedMethod>;
  checkFunction(`${field}.execute`, execute ?? null);
  if (input !== undefined) checkSchema(`${field}.input`, input);
  if (output !== undefined) checkSchema(`${field}.output`, output);
  if (description !== undefined && typeof description !== 'string') {
    throw invalidArgument(`${field}.description`, description, 'a string');
  }
  if (idempotent !== undefined && typeof idempotent !== 'boolean') {
    throw invalidArgument(`${field}.idempotent`, idempotent, 'true or false');
  }
}

function checkedMethod(method: string, definition: DefinedMethod, maxValues: number) {
  return async (...args: readonly unknown[]): Promise<unknown> => {
    const input = await admit(method, definition.input, args, maxValues);
    const answer: unknown = await definition.execute(input);
    if (definition.output === undefined) return answer;
    const verdict = await validate(definition.output, answer, 'output', undefined);
    if (verdict.issues === undefined) return verdict.value;
    throw new OutputMismatch({ method, ...verdict });
  };
}

/** @throws InputMismatch */
async function admit(
  method: string,
  schema: Schema | undefined,
  args: readonly unknown[],
  maxValues: number,
): Promise<unknown> {
  const most = schema === undefined ? 0 : 1;
  if (args.length > most) {
    const takes = most === 0 ? 'no argument' : 'one argument';
    throw new InputMismatch(method, [{ path: 'input', message: `the method takes ${takes}, and got ${args.length}` }]);
  }
  if (schema === undefined) return undefined;
  const verdict = await validate(schema, args[0], 'input', maxValues);
  if (verdict.issues === undefined) return verdict.value;
  throw new InputMismatch(method, verdict.issues);
}

function requireObject(field: string, given: unknown): asserts given is object {
  if (typeof given === 'object' && given !== null && !Array.isArray(given)) return;
  throw invalidArgument(field, given, 'an object');
}
