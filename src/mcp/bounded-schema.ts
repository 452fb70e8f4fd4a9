import type { JsonSchema } from '../api/schema.js';
import { NexusError } from '../errors/nexus-error.js';
import { resolvePointer } from '../schemas/json-pointer.js';
import { checkSchema } from '../schemas/validate.js';

/** Keywords that cost no more to check than their values are large. A pattern may take for ever, and whoever made the schema is not trusted. */
const PLAIN = new Set([
  ...['type', 'enum', 'const', 'default', 'title', 'examples', 'required', 'nullable', 'deprecated', 'readOnly'],
  ...['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf', 'minLength', 'maxLength'],
  ...['minItems', 'maxItems', 'minProperties', 'maxProperties', '$ref'],
]);
const ONE = new Set(['items', 'additionalProperties', 'not']);
const MANY = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems']);
const NAMED = new Set(['properties', '$defs', 'definitions']);
const MAX_NODES = 2_000;
const MAX_DEPTH = 24;
const MAX_TEXT = 500;
const MAX_LIST = 200;

type Keywords = Readonly<Record<string, unknown>>;

/** A schema of somebody else, bounded: what is too much, or is not known, is left out, and accepts everything. */
export function boundedSchema(given: unknown): JsonSchema {
  let nodes = 0;
  const copy = (schema: unknown, depth: number): unknown => {
    if (typeof schema === 'boolean') return schema;
    if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return {};
    if (++nodes > MAX_NODES || depth > MAX_DEPTH) return {};
    const made: Record<string, unknown> = {};
    for (const [key, value] of Object.entries(schema as Keywords)) {
      if (key === 'description' || key === '$comment') {
        if (typeof value === 'string') made[key] = value.slice(0, MAX_TEXT);
      } else if (key === '$ref') {
        if (typeof value === 'string' && value.startsWith('#')) made[key] = value;
      } else if (PLAIN.has(key)) {
        const plain = plainValue(value);
        if (plain !== undefined) made[key] = plain;
      } else if (ONE.has(key)) made[key] = copy(value, depth + 1);
      else if (MANY.has(key) && Array.isArray(value)) {
        made[key] = value.slice(0, MAX_LIST).map((one) => copy(one, depth + 1));
      } else if (NAMED.has(key) && typeof value === 'object' && value !== null) {
        const entries = Object.entries(value).filter(([name]) => name !== '__proto__' && name.length <= MAX_TEXT);
        made[key] = Object.fromEntries(entries.slice(0, MAX_LIST).map(([name, one]) => [name, copy(one, depth + 1)]));
      }
    }
    return made;
  };
  const made = copy(given, 0) as JsonSchema;
  return hasLostRefs(made, made) || !isSchema(made) ? { type: 'object' } : made;
}

function isSchema(made: JsonSchema): boolean {
  try {
    checkSchema('schema', made);
    return true;
  } catch (error) {
    if (error instanceof NexusError) return false;
    throw error;
  }
}

/** Values of keywords: texts, numbers, and lists of these. */
function plainValue(value: unknown): unknown {
  if (typeof value === 'string') return value.length <= MAX_TEXT ? value : undefined;
  if (Array.isArray(value)) {
    const plain = value.slice(0, MAX_LIST).map(plainValue);
    return value.length <= MAX_LIST && !plain.includes(undefined) ? plain : undefined;
  }
  if (typeof value !== 'object' || value === null) return value;
  return JSON.stringify(value).length <= MAX_TEXT ? value : undefined;
}

/** A reference to what was left out. */
function hasLostRefs(schema: unknown, root: JsonSchema): boolean {
  if (typeof schema !== 'object' || schema === null) return false;
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$ref' && typeof value === 'string' && !isThere(root, value)) return true;
    if (key !== 'default' && key !== 'examples' && key !== 'const' && key !== 'enum' && hasLostRefs(value, root))
      return true;
  }
  return false;
}

function isThere(root: JsonSchema, ref: string): boolean {
  if (ref === '#') return true;
  if (!ref.startsWith('#/')) return false;
  const at = resolvePointer(root, ref);
  return typeof at === 'object' || typeof at === 'boolean';
}
