import type { JsonSchema, Schema } from '../../api/schema.js';
import { checkFunction, invalidArgument, readArgument, rejectUnknownKeys } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { toJsonSchema } from '../../schemas/to-json-schema.js';
import { checkSchema } from '../../schemas/validate.js';
import { nearNames } from './near-names.js';
import type { Tool, Tools } from './tool.js';
import { pathOf, requireDistinct } from './tool-names.js';

/** A tool as it was checked. */
export interface KnownTool extends Omit<Tool, 'inputSchema' | 'outputSchema'> {
  /** As it was given. */
  readonly key: string;
  /** As programs write it, behind `tools.`. */
  readonly path: string;
  readonly inputSchema: Schema;
  readonly outputSchema?: Schema;
  /** As JSON Schema; undefined if its library cannot write it so: then it is `unknown` to the model. */
  readonly input: JsonSchema | undefined;
  readonly output: JsonSchema | undefined;
}

/** That a schema has no type that a model could be told. */
export interface UntypedSchema {
  readonly tool: string;
  readonly schema: 'inputSchema' | 'outputSchema';
  readonly message: string;
}

const KEYS = ['description', 'inputSchema', 'outputSchema', 'execute', 'needsApproval', 'revert'];

/** The tools that programs have. */
export class ToolSet {
  readonly #byPath: ReadonlyMap<string, KnownTool>;
  /** Schemas that are `unknown` to the model, and why. */
  readonly untyped: readonly UntypedSchema[];

  private constructor(tools: readonly KnownTool[], untyped: readonly UntypedSchema[]) {
    this.#byPath = new Map(tools.map((tool) => [tool.path, tool]));
    this.untyped = untyped;
  }

  /** @throws NexusError INVALID_ARGUMENT naming the tool and what is wrong with it */
  static of(tools: Tools): ToolSet {
    if (typeof tools !== 'object' || tools === null || Array.isArray(tools)) {
      throw invalidArgument('tools', tools, 'an object of tools by key');
    }
    const entries = readArgument('tools', () => Object.entries(tools));
    const paths = new Map(entries.map(([key]) => [key, pathOf(key).join('.')]));
    requireDistinct(paths);
    const untyped: UntypedSchema[] = [];
    const known = entries.map(([key, tool]) => knownTool(key, paths.get(key) as string, tool, untyped));
    return new ToolSet(known, untyped);
  }

  get(path: string): KnownTool | undefined {
    return this.#byPath.get(path);
  }

  get all(): readonly KnownTool[] {
    return [...this.#byPath.values()];
  }

  get paths(): readonly string[] {
    return [...this.#byPath.keys()];
  }

  /** Paths that look or sound like a name, best first. */
  near(name: string): readonly string[] {
    return nearNames(name, this.paths);
  }
}

function knownTool(key: string, path: string, tool: unknown, untyped: UntypedSchema[]): KnownTool {
  const field = `tools[${JSON.stringify(key)}]`;
  if (typeof tool !== 'object' || tool === null || Array.isArray(tool)) {
    throw invalidArgument(field, tool, 'an object { description, inputSchema, execute }');
  }
  // A copy: what is checked is what is used.
  const { ...given } = readArgument(field, () => ({ ...tool })) as Partial<Tool>;
  rejectUnknownKeys(given, KEYS, `${field}.`, 'INVALID_ARGUMENT', {
    parameters: 'inputSchema',
    input: 'inputSchema',
    output: 'outputSchema',
    handler: 'execute',
  });
  const { description, inputSchema, outputSchema, execute, needsApproval, revert } = given;
  if (inputSchema === undefined) {
    const message = `${field} has no inputSchema: programs are told what it takes, and their arguments are checked. Use { type: 'object', properties: {} } for none.`;
    throw new NexusError('INVALID_ARGUMENT', message, { context: { field: `${field}.inputSchema` } });
  }
  checkSchema(`${field}.inputSchema`, inputSchema);
  if (outputSchema !== undefined) checkSchema(`${field}.outputSchema`, outputSchema);
  checkFunction(`${field}.execute`, execute ?? null);
  checkFunction(`${field}.revert`, revert);
  if (description !== undefined && typeof description !== 'string') {
    throw invalidArgument(`${field}.description`, description, 'a text');
  }
  if (needsApproval !== undefined && typeof needsApproval !== 'boolean' && typeof needsApproval !== 'function') {
    throw invalidArgument(`${field}.needsApproval`, needsApproval, 'true, false or a function');
  }
  const typed = (name: UntypedSchema['schema'], schema: Schema, side: 'input' | 'output') => {
    try {
      return toJsonSchema(`${field}.${name}`, schema, side);
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      untyped.push({ tool: key, schema: name, message: error.message });
      return undefined;
    }
  };
  return {
    ...given,
    key,
    path,
    inputSchema,
    execute: execute as Tool['execute'],
    input: typed('inputSchema', inputSchema, 'input'),
    output: outputSchema === undefined ? undefined : typed('outputSchema', outputSchema, 'output'),
  } as KnownTool;
}
