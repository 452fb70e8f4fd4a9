import type { JsonSchema, Schema } from '../../api/schema.js';
import { invalidArgument, rejectUnknownKeys, requireText } from '../../config/check.js';
import { NexusError } from '../../errors/nexus-error.js';
import { toJsonSchema } from '../../schemas/to-json-schema.js';
import { checkSchema } from '../../schemas/validate.js';
import { readForm } from '../../source/forms/read-form.js';
import { shapeOf } from '../../source/forms/source-shape.js';
import { isTypeScript, stripTypes } from '../../source/typescript/strip-types.js';
import { wrapHandler } from '../../source/wrapper.js';
import { readProgram } from '../program/read-program.js';
import type { Declared } from '../tools/declarations.js';
import { pathOf } from '../tools/tool-names.js';
import type { ToolSet } from '../tools/tool-set.js';

/** With what a program is saved. */
export interface SaveOptions {
  /** For the model: what it does, and when to use it. */
  readonly description?: string;
  /** What it takes, as `input` and `$args`. @default an object without properties */
  readonly inputSchema?: Schema;
  /** What it gives, for the model; it is not checked. @default unknown */
  readonly outputSchema?: Schema;
}

/** A saved program as data. */
export interface SavedProgramRecord {
  readonly name: string;
  readonly code: string;
  readonly description?: string;
  readonly inputSchema: JsonSchema;
  readonly outputSchema?: JsonSchema;
}

/** A program that others call like a tool. Its own calls are those of the program that calls it. */
export interface SavedProgram {
  readonly record: SavedProgramRecord;
  readonly inputSchema: Schema;
  readonly declared: Declared;
  /** Its text as a function. */
  readonly script: string;
}

const NOTHING: JsonSchema = { type: 'object', properties: {}, additionalProperties: false };
const MAX_PROGRAMS = 100;
const MAX_CHARACTERS = 32 * 1024;

/** The programs that a session has saved. */
export class SavedPrograms {
  readonly #tools: ToolSet;
  readonly #byPath = new Map<string, SavedProgram>();

  constructor(tools: ToolSet) {
    this.#tools = tools;
  }

  get all(): ReadonlyMap<string, SavedProgram> {
    return this.#byPath;
  }

  /** @throws NexusError INVALID_ARGUMENT, COMPILATION_ERROR with location and snippet, INVALID_HANDLER, RESOURCE_LIMIT */
  save(name: string, code: string, options: SaveOptions = {}): void {
    requireText('name', name);
    requireText('code', code);
    if (typeof options !== 'object' || options === null) throw invalidArgument('options', options, 'an object');
    rejectUnknownKeys(options, ['description', 'inputSchema', 'outputSchema'], 'options.', 'INVALID_ARGUMENT');
    const { description, inputSchema = NOTHING, outputSchema } = options;
    checkSchema('options.inputSchema', inputSchema);
    if (outputSchema !== undefined) checkSchema('options.outputSchema', outputSchema);
    if (description !== undefined) requireText('options.description', description);
    const path = pathOf(name).join('.');
    this.#requireFree(path, name);
    if (code.length > MAX_CHARACTERS)
      throw tooMuch(`The program ${name} has ${code.length} characters`, MAX_CHARACTERS);
    if (!this.#byPath.has(path) && this.#byPath.size >= MAX_PROGRAMS) {
      throw tooMuch(`${name} is one saved program more than a session may have`, MAX_PROGRAMS);
    }
    const input = toJsonSchema('options.inputSchema', inputSchema, 'input');
    const output =
      outputSchema === undefined ? undefined : toJsonSchema('options.outputSchema', outputSchema, 'output');
    const about = { ...(description !== undefined && { description }) };
    this.#byPath.set(path, {
      record: { name, code, ...about, inputSchema: input, ...(output !== undefined && { outputSchema: output }) },
      inputSchema,
      declared: { path, ...about, input, output },
      script: scriptOf(code),
    });
  }

  #requireFree(path: string, name: string): void {
    const taken = [...this.#tools.paths, ...[...this.#byPath.keys()].filter((one) => one !== path)];
    const clash = taken.find((one) => one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`));
    if (clash === undefined) return;
    const message = `The program ${JSON.stringify(name)} cannot be saved: there is tools.${clash} already. Choose another name.`;
    throw new NexusError('INVALID_ARGUMENT', message, { context: { field: 'name', value: name, path: clash } });
  }
}

function scriptOf(code: string): string {
  const { source, filename } = readProgram(code);
  const form = readForm(source, filename, { shape: shapeOf({ normalise: 'model' }, undefined) });
  if (form.kind === 'rewritten') return form.text;
  const script = wrapHandler(source);
  if (!isTypeScript(filename)) return script;
  const stripped = stripTypes(script);
  return stripped.ok ? stripped.script : script;
}

function tooMuch(what: string, most: number): NexusError {
  return new NexusError('RESOURCE_LIMIT', `${what}, at most ${most} are allowed.`, { context: { limit: most } });
}
