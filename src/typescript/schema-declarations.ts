import type { Schema } from '../api/schema.js';
import { definedIn } from '../schemas/describe-extensions.js';
import { toJsonSchema } from '../schemas/to-json-schema.js';
import { checkSchema } from '../schemas/validate.js';
import { comment, typeOfSchema } from './schema-types.js';

/**
 * The type of what a schema gives: handlers get their arguments as it makes them.
 *
 * @throws NexusError INVALID_ARGUMENT naming the option
 */
export function typeOfArgs(field: string, schema: Schema): string {
  checkSchema(field, schema);
  return typeOfSchema(toJsonSchema(field, schema, 'output'));
}

/**
 * The type of extensions that `defineExtension` made: what a handler passes, and what it gets.
 *
 * @throws NexusError INVALID_ARGUMENT naming the extension or the method, and the remedy
 */
export function typeOfExtensions(field: string, extensions: Readonly<Record<string, object>>): string {
  const byName = new Map<string, string[]>();
  for (const { extension, method, definition } of definedIn(field, extensions)) {
    const { input, output, description } = definition;
    const at = `${field}.${extension}.${method}`;
    const takes = input === undefined ? undefined : toJsonSchema(`${at}.input`, input, 'input');
    const parameter = takes === undefined ? '' : `input: ${typeOfSchema(takes)}`;
    const answer = output === undefined ? 'unknown' : typeOfSchema(toJsonSchema(`${at}.output`, output, 'output'));
    const lines = byName.get(extension) ?? [];
    byName.set(extension, lines);
    const told = comment({ description }).trim();
    if (told !== '') lines.push(`      ${told}`);
    lines.push(`      ${JSON.stringify(method)}(${parameter}): ${answer};`);
  }
  const members = [...byName].map(([name, lines]) => `    ${JSON.stringify(name)}: {\n${lines.join('\n')}\n    };\n`);
  return members.length === 0 ? '{}' : `{\n${members.join('')}  }`;
}
