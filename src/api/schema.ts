import type { WasmContext } from './context.js';
import type { EventPayloads, WasmResult } from './result.js';

/** One fault that a schema finds. */
export interface StandardIssue {
  readonly message: string;
  /** Keys from the value to the fault, outermost first. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/**
 * A schema of any library that follows [Standard Schema](https://standardschema.dev): zod from 3.24, valibot,
 * arktype and others.
 *
 * @typeParam Input what it takes
 * @typeParam Output what it makes of it: with defaults, coerced, transformed
 */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
    /** For TypeScript; never there at run time. */
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
    /** [Standard JSON Schema](https://standardschema.dev/json-schema), which not every library has. */
    readonly jsonSchema?: JsonSchemaSource | undefined;
  };
}

/** How a schema of a library is written as JSON Schema. It throws where that is impossible. */
export interface JsonSchemaSource {
  readonly input: (options: { readonly target: 'draft-2020-12' }) => Readonly<Record<string, unknown>>;
  readonly output: (options: { readonly target: 'draft-2020-12' }) => Readonly<Record<string, unknown>>;
}

/** A JSON Schema, of draft 2020-12 unless its `$schema` says `draft-07` or another. */
export type JsonSchema = boolean | Readonly<Record<string, unknown>>;

/** A schema of a library, or a JSON Schema. The type of the latter is unknown: `jsonSchema<T>(…)` says it. */
export type Schema = StandardSchema | JsonSchema;

// By keys, because comparing a whole schema with another type is what TypeScript may find too deep.
type TypesOf<S> = '~standard' extends keyof S
  ? 'types' extends keyof S['~standard']
    ? NonNullable<S['~standard']['types']>
    : undefined
  : undefined;

/** The type that a schema takes; `unknown` for a JSON Schema and for no schema. */
export type SchemaInput<S> = 'input' extends keyof TypesOf<S> ? TypesOf<S>['input'] : unknown;

/** The type that a schema gives; `unknown` for a JSON Schema and for no schema. */
export type SchemaOutput<S> = 'output' extends keyof TypesOf<S> ? TypesOf<S>['output'] : unknown;

/** What the arguments and the result of a call are checked with. */
export interface CallSchemas {
  /**
   * Of `context.args`, checked before anything runs: INVALID_ARGUMENT with the paths. The handler gets what the schema makes of
   * them. @default none
   */
  readonly args?: Schema;
  /**
   * Of the returned value, checked when the handler has ended: a result with `status: 'error'` and
   * VALIDATION_ERROR. The caller gets what the schema makes of it. @default none
   */
  readonly result?: Schema;
  /**
   * How many values a result may consist of to be checked, each of them counted as often as there is a path to it. A schema finds up to
   * one fault in each, and the handler chooses how many there are. @default 10,000
   */
  readonly maxValues?: number;
}

/** The context of a call with schemas: its arguments are what the schema takes. */
export type ContextOf<S extends CallSchemas> = S extends { readonly args: infer Args }
  ? Omit<WasmContext, 'args'> &
      (undefined extends SchemaInput<Args>
        ? { readonly args?: SchemaInput<Args> }
        : { readonly args: SchemaInput<Args> })
  : WasmContext;

/** The result of a call with schemas: its value is what the schema gives. */
export type ResultOf<S extends Pick<CallSchemas, 'result'>, Events extends object = EventPayloads> = WasmResult<
  S extends { readonly result: infer Result } ? SchemaOutput<Result> : unknown,
  Events
>;
