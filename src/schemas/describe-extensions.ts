import type { JsonSchema } from '../api/schema.js';
import { invalidArgument } from '../config/check.js';
import { type DefinedMethod, definedMethodsOf } from './define-extension.js';
import { toJsonSchema } from './to-json-schema.js';

/** A method of an extension, as a model or a form is told of it. */
export interface ExtensionDescription {
  readonly extension: string;
  readonly method: string;
  readonly description?: string;
  readonly idempotent: boolean;
  /** What a handler passes; absent if it passes nothing. */
  readonly input?: JsonSchema;
  /** What it gets; absent if that is not checked. */
  readonly output?: JsonSchema;
}

/**
 * Describes the methods of extensions with their schemas as JSON Schema: for tools of a model, for documentation.
 *
 * @param extensions that `defineExtension` made
 * @throws NexusError INVALID_ARGUMENT if a schema cannot be written as JSON Schema, with the remedy
 *
 * @example
 * const tools = describeExtensions(extensions).map(({ extension, method, description, input }) => ({
 *   name: `${extension}.${method}`, description, parameters: input,
 * }));
 */
export function describeExtensions(extensions: Readonly<Record<string, object>>): ExtensionDescription[] {
  return definedIn('extensions', extensions).map(({ extension, method, definition }) => {
    const { input, output, description, idempotent = false } = definition;
    const field = `${extension}.${method}`;
    return {
      extension,
      method,
      ...(description !== undefined && { description }),
      idempotent,
      ...(input !== undefined && { input: toJsonSchema(`${field}.input`, input, 'input') }),
      ...(output !== undefined && { output: toJsonSchema(`${field}.output`, output, 'output') }),
    };
  });
}

/** All methods of extensions, in order. */
export function definedIn(
  field: string,
  extensions: Readonly<Record<string, object>>,
): { readonly extension: string; readonly method: string; readonly definition: DefinedMethod }[] {
  if (typeof extensions !== 'object' || extensions === null) {
    throw invalidArgument(field, extensions, 'extensions that defineExtension made');
  }
  return Object.entries(extensions).flatMap(([extension, methods]) => {
    const defined = typeof methods === 'object' && methods !== null ? definedMethodsOf(methods) : undefined;
    if (defined === undefined) throw invalidArgument(`${field}.${extension}`, methods, 'one that defineExtension made');
    return Object.entries(defined).map(([method, definition]) => ({ extension, method, definition }));
  });
}
