import type { JsonSchema } from '../../api/schema.js';
import { resolvePointer } from '../../schemas/json-pointer.js';

const MAX_DEPTH = 4;
const IDENTIFIER = /^[A-Za-z_$][\w$]*$/;

type Keywords = Readonly<Record<string, unknown>>;

/** An argument that a schema would probably accept, as it is written in a program: required properties alone. */
export function exampleInput(schema: JsonSchema | undefined): string {
  if (schema === undefined) return '…';
  return written(example(schema, schema, 0));
}

function example(schema: unknown, root: JsonSchema, depth: number): unknown {
  if (typeof schema !== 'object' || schema === null || depth > MAX_DEPTH) return ELSE;
  const keywords = schema as Keywords;
  const [given] = Array.isArray(keywords['examples']) ? keywords['examples'] : [];
  for (const value of [given, keywords['default'], keywords['const']]) if (value !== undefined) return value;
  if (Array.isArray(keywords['enum']) && keywords['enum'].length > 0) return keywords['enum'][0];
  const { $ref } = keywords;
  if (typeof $ref === 'string') {
    const target = $ref === '#' ? root : $ref.startsWith('#/') ? resolvePointer(root, $ref) : undefined;
    return example(target, root, depth + 1);
  }
  for (const name of ['anyOf', 'oneOf', 'allOf']) {
    const list = keywords[name];
    if (Array.isArray(list) && list.length > 0) return example(list[0], root, depth + 1);
  }
  const type = Array.isArray(keywords['type']) ? keywords['type'][0] : keywords['type'];
  if (type === 'object' || keywords['properties'] !== undefined) return exampleObject(keywords, root, depth);
  if (type === 'array') return 'items' in keywords ? [example(keywords['items'], root, depth + 1)] : [];
  if (type === 'string') return exampleText(keywords['format']);
  if (type === 'number' || type === 'integer') return typeof keywords['minimum'] === 'number' ? keywords['minimum'] : 1;
  if (type === 'boolean') return true;
  return type === 'null' ? null : ELSE;
}

/** What there is no example of. */
const ELSE = Symbol('…');

function exampleObject(keywords: Keywords, root: JsonSchema, depth: number): object {
  const properties = (keywords['properties'] ?? {}) as Keywords;
  const required = Array.isArray(keywords['required']) ? keywords['required'] : [];
  return Object.fromEntries(
    Object.entries(properties)
      .filter(([name]) => required.includes(name))
      .map(([name, one]) => [name, example(one, root, depth + 1)]),
  );
}

function exampleText(format: unknown): string {
  switch (format) {
    case 'date-time':
      return '2026-01-31T12:00:00Z';
    case 'date':
      return '2026-01-31';
    case 'email':
      return 'ada@example.com';
    case 'uri':
    case 'url':
      return 'https://example.com';
    case 'uuid':
      return '123e4567-e89b-42d3-a456-426614174000';
    default:
      return '…';
  }
}

function written(value: unknown): string {
  if (value === ELSE) return '…';
  if (Array.isArray(value)) return `[${value.map(written).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, one]) => `${IDENTIFIER.test(name) ? name : JSON.stringify(name)}: ${written(one)}`,
    );
    return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
  }
  if (typeof value === 'string')
    return `'${JSON.stringify(value).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
  return String(value);
}
