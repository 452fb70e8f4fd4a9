import type { SchemaInput, SchemaOutput } from './schema.js';

/** One method of an extension. */
export interface ExtensionMethod<Input = unknown, Output = unknown> {
  /**
   * Of the one argument that handlers pass. Without it, they pass none. A Standard Schema or a JSON Schema.
   *
   * @default none
   */
  readonly input?: Input;
  /** Of the answer. Without it, the answer is not checked. @default none */
  readonly output?: Output;
  /** For authors and models: what the method does. @default none */
  readonly description?: string;
  /** Whether the method may be made again when its answer was lost. @default false */
  readonly idempotent?: boolean;
  /**
   * Answers a call.
   *
   * @param input what the schema made of the argument
   */
  readonly execute: (input: SchemaOutput<Input>) => SchemaInput<Output> | Promise<SchemaInput<Output>>;
}

/** The schema at `[Extension][Method]`; `unknown` if there is none. */
type At<Schemas, Extension, Method> = Extension extends keyof Schemas
  ? Method extends keyof Schemas[Extension]
    ? Schemas[Extension][Method]
    : unknown
  : unknown;

/** Schemas by extension and method. */
export type SchemasByMethod = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Definitions of extensions: methods by name, by the name of the extension. */
export type ExtensionDefinitions<Inputs extends SchemasByMethod, Outputs extends SchemasByMethod> = {
  [E in keyof Inputs]: { [M in keyof Inputs[E]]: ExtensionMethod<Inputs[E][M], At<Outputs, E, M>> };
} & {
  // TypeScript infers one kind of schema from each half.
  [E in keyof Outputs]: { [M in keyof Outputs[E]]: { readonly output?: Outputs[E][M] } };
};

type ArgumentsOf<Input> = unknown extends Input
  ? []
  : undefined extends SchemaInput<Input>
    ? [input?: SchemaInput<Input>]
    : [input: SchemaInput<Input>];

/** Extensions as `defineExtension` makes them, with their types. */
export type DefinedExtensions<Inputs extends SchemasByMethod, Outputs extends SchemasByMethod> = {
  readonly [E in keyof Inputs]: {
    readonly [M in keyof Inputs[E]]: (...args: ArgumentsOf<Inputs[E][M]>) => Promise<SchemaOutput<At<Outputs, E, M>>>;
  };
};
