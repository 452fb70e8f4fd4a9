import type { JsonSchema } from '../api/schema.js';
import { resolvePointer } from '../schemas/json-pointer.js';

/** Types nest no deeper; what is below is `unknown`. A schema that refers to itself would have no end. */
const MAX_DEPTH = 12;
const PROPERTY_NAME = /^[A-Za-z_$][\w$]*$/;

type Keywords = Readonly<Record<string, unknown>>;

interface Place {
  readonly root: JsonSchema;
  readonly depth: number;
  readonly maxDepth: number;
  /** The references that lead here. */
  readonly within: readonly string[];
}

/**
 * A JSON Schema as a TypeScript type, on one line. What TypeScript has no word for (a length, a pattern) is left
 * out, and what is unknown to it is `unknown`.
 *
 * @param maxDepth of nested types; what is below is `unknown`
 */
export function typeOfSchema(schema: JsonSchema, maxDepth = MAX_DEPTH): string {
  return typeAt(schema, { root: schema, depth: 0, maxDepth, within: [] });
}

function typeAt(schema: unknown, place: Place): string {
  if (schema === false) return 'never';
  if (typeof schema !== 'object' || schema === null || place.depth > place.maxDepth) return 'unknown';
  const keywords: Keywords = { ...schema };
  const below = { ...place, depth: place.depth + 1 };
  const parts = [
    ...referred(keywords['$ref'], place),
    ...literals(keywords),
    ...alternatives(keywords, below),
    ...listOf(keywords['allOf']).map((one) => typeAt(one, below)),
  ].filter((type) => type !== 'unknown');
  // Literals tell more than the type beside them.
  const own = 'const' in keywords || Array.isArray(keywords['enum']) ? 'unknown' : ownType(keywords, below);
  if (own !== 'unknown') parts.push(own);
  if (parts.length === 0) return 'unknown';
  return parts.length === 1 ? String(parts[0]) : parts.map(inBrackets).join(' & ');
}

function referred(ref: unknown, place: Place): string[] {
  if (typeof ref !== 'string' || place.within.includes(ref)) return [];
  const target = ref === '#' ? place.root : ref.startsWith('#/') ? resolvePointer(place.root, ref) : undefined;
  return [typeAt(target, { ...place, depth: place.depth + 1, within: [...place.within, ref] })];
}

function literals(keywords: Keywords): string[] {
  if ('const' in keywords) return [literal(keywords['const'])];
  const { enum: values } = keywords;
  return Array.isArray(values) ? [union(values.map(literal))] : [];
}

/** Objects and lists of an `enum` are rare, and typed as what they may be at most. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  return value === null || typeof value !== 'object' ? String(value) : 'unknown';
}

function alternatives({ anyOf, oneOf }: Keywords, below: Place): string[] {
  return [anyOf, oneOf].filter(Array.isArray).map((list) => union(list.map((one) => typeAt(one, below))));
}

function ownType(keywords: Keywords, below: Place): string {
  const { type } = keywords;
  if (Array.isArray(type)) return union(type.map((one) => typed(one, keywords, below)));
  if (type === undefined) {
    if ('properties' in keywords) return objectType(keywords, below);
    return 'items' in keywords || 'prefixItems' in keywords ? arrayType(keywords, below) : 'unknown';
  }
  return typed(type, keywords, below);
}

function typed(type: unknown, keywords: Keywords, below: Place): string {
  switch (type) {
    case 'string':
    case 'boolean':
    case 'null':
      return type;
    case 'number':
    case 'integer':
      return 'number';
    case 'array':
      return arrayType(keywords, below);
    case 'object':
      return objectType(keywords, below);
    default:
      return 'unknown';
  }
}

function arrayType({ items, prefixItems, minItems }: Keywords, below: Place): string {
  if (!Array.isArray(prefixItems)) return `${inBrackets(typeAt(items ?? true, below))}[]`;
  const required = typeof minItems === 'number' ? minItems : 0;
  const first = prefixItems.map((one, index) => `${inBrackets(typeAt(one, below))}${index < required ? '' : '?'}`);
  const rest = items === false ? [] : [`...${inBrackets(typeAt(items ?? true, below))}[]`];
  return `[${[...first, ...rest].join(', ')}]`;
}

function objectType({ properties, required, additionalProperties }: Keywords, below: Place): string {
  const needed = new Set(listOf(required));
  const entries = typeof properties === 'object' && properties !== null ? Object.entries(properties) : [];
  const members = entries.map(([name, schema]) => {
    const key = PROPERTY_NAME.test(name) ? name : quoted(name);
    return `${comment(schema)}${key}${needed.has(name) ? '' : '?'}: ${typeAt(schema, below)}`;
  });
  const others = additionalProperties === undefined && entries.length > 0 ? false : (additionalProperties ?? true);
  // Beside named members it would have to be the type of them all.
  if (others !== false && entries.length === 0) members.push(`[key: string]: ${typeAt(others, below)}`);
  if (others !== false && entries.length > 0) members.push('[key: string]: unknown');
  return members.length === 0 ? 'Record<string, never>' : `{ ${members.join('; ')} }`;
}

/** A description as a comment of one line, which nothing in it can end. */
export function comment(schema: unknown): string {
  const description =
    typeof schema === 'object' && schema !== null && 'description' in schema ? schema.description : undefined;
  if (typeof description !== 'string' || description.trim() === '') return '';
  return `/** ${description.replaceAll(/\s+/g, ' ').replaceAll('*/', '*\u200b/').trim()} */ `;
}

function union(types: readonly string[]): string {
  const distinct = [...new Set(types)];
  if (distinct.includes('unknown')) return 'unknown';
  return distinct.length === 0 ? 'never' : distinct.map(inBrackets).join(' | ');
}

/** Within an intersection, or before `[]`. */
function inBrackets(type: string): string {
  return /^[\w$]+$|^\{[^{}]*\}$|^"[^"]*"$/.test(type) ? type : `(${type})`;
}

function quoted(text: string): string {
  // Line separators may not stand in a string of older TypeScript.
  return JSON.stringify(text).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029');
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
