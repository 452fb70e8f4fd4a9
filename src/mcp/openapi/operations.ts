import type { JsonSchema } from '../../api/schema.js';
import { resolvePointer } from '../../schemas/json-pointer.js';
import { boundedSchema } from '../bounded-schema.js';
import { BOUNDS, boundedText } from '../source.js';
import type { Json } from './document.js';

/** Where a property of the input goes. */
export interface Placed {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
}

/** An operation as it is called. */
export interface HttpOperation {
  readonly name: string;
  readonly description: string;
  readonly method: string;
  readonly path: string;
  /** By property of the input; `body` is the body. */
  readonly placed: ReadonlyMap<string, Placed>;
  readonly bodyType: string | undefined;
  readonly inputSchema: JsonSchema;
  readonly outputSchema: JsonSchema | undefined;
}

const METHODS = ['get', 'head', 'post', 'put', 'patch', 'delete', 'options'] as const;
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;
const FORM_TYPE = 'application/x-www-form-urlencoded';
const MAX_INLINED = 6;
/** Headers that are the host's, and never those of a program. */
const OWN_HEADERS = new Set([
  'authorization',
  'cookie',
  'host',
  'content-length',
  'content-type',
  'accept',
  'connection',
]);

/** The operations of a document, in its order. */
export function operationsOf(document: Json): {
  readonly operations: readonly HttpOperation[];
  readonly notes: readonly string[];
} {
  const operations: HttpOperation[] = [];
  const notes: string[] = [];
  for (const [path, item] of Object.entries(object(document['paths']))) {
    const resolved = object(deref(item, document));
    for (const method of METHODS) {
      if (typeof resolved[method] !== 'object' || resolved[method] === null) continue;
      if (operations.length >= BOUNDS.tools) {
        notes.push(`it has more than ${BOUNDS.tools} operations; the others are left out`);
        return { operations, notes };
      }
      operations.push(operationOf(document, path, method, resolved, object(resolved[method])));
    }
  }
  return { operations, notes };
}

function operationOf(document: Json, path: string, method: string, item: Json, operation: Json): HttpOperation {
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  const placed = new Map<string, Placed>();
  const add = (name: string, schema: unknown, isRequired: boolean) => {
    properties[name] = schema;
    if (isRequired) required.push(name);
  };
  for (const given of [...list(item['parameters']), ...list(operation['parameters'])]) {
    const parameter = object(deref(given, document));
    const { name, in: where, schema, content } = parameter;
    if (typeof name !== 'string' || !(where === 'path' || where === 'query' || where === 'header')) continue;
    if (where === 'header' && OWN_HEADERS.has(name.toLowerCase())) continue;
    const own = [...placed].find(([, one]) => one.in === where && one.name === name)?.[0];
    const property =
      own ?? (name === 'body' || placed.has(name) || name === '__proto__' ? `${name}_in_${where}` : name);
    const described = object(schema ?? object(Object.values(object(content))[0])['schema']);
    const about = parameter['description'] === undefined ? {} : { description: parameter['description'] };
    placed.set(property, { in: where, name });
    const at = required.indexOf(property);
    if (at >= 0) required.splice(at, 1);
    add(
      property,
      { ...object(inlined(described, document)), ...about },
      parameter['required'] === true || where === 'path',
    );
  }
  const body = object(deref(operation['requestBody'], document));
  const bodyType = typeOf(body['content']);
  if (bodyType !== undefined) {
    const { schema } = object(object(body['content'])[bodyType]);
    add('body', inlined(schema, document), body['required'] === true);
  }
  return {
    name: nameOf(operation['operationId'], method, path),
    description: boundedText(
      [operation['summary'], operation['description']].filter((one) => typeof one === 'string').join('. ') ||
        `${method.toUpperCase()} ${path}`,
      BOUNDS.description,
    ),
    ...{ method: method.toUpperCase(), path, placed, bodyType },
    inputSchema: boundedSchema({ type: 'object', properties, required, additionalProperties: false }),
    outputSchema: outputOf(operation, document),
  };
}

function nameOf(operationId: unknown, method: string, path: string): string {
  if (typeof operationId === 'string' && operationId !== '') return operationId;
  const words = path.split(/[^A-Za-z0-9]+/).filter(Boolean);
  return [method, ...words].join('_');
}

/** Of the first answer that is a success. */
function outputOf(operation: Json, document: Json): JsonSchema | undefined {
  const responses = object(operation['responses']);
  const status = Object.keys(responses).find((one) => /^2/.test(one));
  if (status === undefined) return undefined;
  const { content } = object(deref(responses[status], document));
  const type = Object.keys(object(content)).find((one) => JSON_TYPE.test(one));
  if (type === undefined) return undefined;
  const { schema } = object(object(content)[type]);
  return schema === undefined ? undefined : boundedSchema(inlined(schema, document));
}

function typeOf(content: unknown): string | undefined {
  const types = Object.keys(object(content));
  return (
    types.find((one) => JSON_TYPE.test(one)) ??
    types.find((one) => one === FORM_TYPE) ??
    types.find((one) => /^text\//.test(one))
  );
}

/** A schema without references to the rest of the document. What repeats itself is anything, some levels down. */
function inlined(schema: unknown, document: Json, depth = 0, refs: readonly string[] = []): unknown {
  if (typeof schema !== 'object' || schema === null) return schema;
  if (Array.isArray(schema)) return schema.map((one) => inlined(one, document, depth, refs));
  const { $ref } = schema as Json;
  if (typeof $ref === 'string') {
    if (refs.includes($ref) || refs.length >= MAX_INLINED) return {};
    return inlined(resolved(document, $ref), document, depth + 1, [...refs, $ref]);
  }
  if (depth > 40) return {};
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, inlined(value, document, depth + 1, refs)]),
  );
}

function deref(given: unknown, document: Json): unknown {
  let at = given;
  for (let step = 0; step < MAX_INLINED && typeof object(at)['$ref'] === 'string'; step++) {
    at = resolved(document, object(at)['$ref'] as string);
  }
  return at;
}

/** Undefined if it is of another document, or of nothing. */
function resolved(document: Json, ref: string): unknown {
  if (!ref.startsWith('#/')) return undefined;
  return resolvePointer(document, ref);
}

export function object(value: unknown): Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : {};
}

function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
