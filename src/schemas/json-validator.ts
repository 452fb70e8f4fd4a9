import type { OutputUnit, SchemaDraft, Validator } from '@cfworker/json-schema';

import type { JsonSchema, StandardIssue, StandardResult } from '../api/schema.js';
import { keysOfPointer } from './json-pointer.js';
import { readJson } from './json-values.js';

/** What checks values against one JSON Schema. */
export type JsonCheck = (value: unknown) => StandardResult<unknown>;

/** Drafts by the part of `$schema` that tells them apart. */
const DRAFTS: readonly (readonly [string, SchemaDraft])[] = [
  ['draft-04', '4'],
  ['draft-07', '7'],
  ['2019-09', '2019-09'],
];
/** Told by the place below. */
const OUTER = [
  'properties',
  'items',
  'prefixItems',
  '$ref',
  'additionalProperties',
  'patternProperties',
  'allOf',
].concat(['unevaluatedProperties', 'unevaluatedItems', 'additionalItems', 'dependentSchemas', 'if', 'propertyNames']);
const MISSING = /^Instance does not have required property "(.*)"\.$/s;

/**
 * Makes a check of a schema. It interprets the schema: no code is generated, so it works where `eval` is forbidden,
 * and a schema that is used once costs no compilation.
 */
export async function makeJsonCheck(schema: JsonSchema): Promise<JsonCheck> {
  const { Validator } = await import('@cfworker/json-schema');
  const draft = draftOf(schema);
  const make = (from: JsonSchema) => new Validator(from as ConstructorParameters<typeof Validator>[0], draft, false);
  // A copy, because the validator writes into it.
  const whole = make(structuredClone(schema));
  // Items are compared with each other once it is known that they are not too many.
  const first = hasUnique(schema) ? make(withoutUnique(schema)) : undefined;
  return (value) => {
    const json = readJson(value);
    if ('issue' in json) return { issues: [json.issue] };
    const issues = first === undefined ? [] : issuesOf(first, json.value);
    if (issues.length === 0) issues.push(...issuesOf(whole, json.value));
    return issues.length === 0 ? { value } : { issues };
  };
}

function draftOf(schema: JsonSchema): SchemaDraft {
  const named = typeof schema === 'object' ? schema['$schema'] : undefined;
  const known = typeof named === 'string' ? DRAFTS.find(([part]) => named.includes(part)) : undefined;
  return known?.[1] ?? '2020-12';
}

function hasUnique(schema: unknown): boolean {
  return JSON.stringify(schema).includes('"uniqueItems"');
}

function withoutUnique(schema: JsonSchema): JsonSchema {
  return JSON.parse(JSON.stringify(schema), function (this: unknown, key: string, value: unknown) {
    return key === 'uniqueItems' && value === true ? undefined : value;
  });
}

function issuesOf(validator: Validator, value: unknown): StandardIssue[] {
  const { valid, errors } = validator.validate(value);
  if (valid) return [];
  const inner = withoutAlternatives(errors).filter(({ keyword }) => !OUTER.includes(keyword));
  return (inner.length === 0 ? errors : inner).map((unit) => issueOf(unit, value));
}

/** Why a value is none of several alternatives is told once, and not for each of them. What is within follows its unit. */
function withoutAlternatives(errors: readonly OutputUnit[]): OutputUnit[] {
  let within: string | undefined;
  return errors.filter(({ keyword, keywordLocation }) => {
    if (within !== undefined && keywordLocation.startsWith(within)) return false;
    within = keyword === 'anyOf' || keyword === 'oneOf' ? `${keywordLocation}/` : undefined;
    return true;
  });
}

/** A missing field has the place where it is missing, as in the libraries. */
function issueOf({ keyword, instanceLocation, error }: OutputUnit, value: unknown): StandardIssue {
  const path = pathOf(instanceLocation, value);
  if (keyword === 'false') return { path, message: 'is no known key' };
  const [, missing] = (keyword === 'required' && MISSING.exec(error)) || [];
  if (missing !== undefined) return { path: [...path, missing], message: 'is missing' };
  return { path, message: error };
}

/** A step is an index where the value at it is a list. */
function pathOf(location: string, value: unknown): PropertyKey[] {
  let at: unknown = value;
  return keysOfPointer(location).map((key) => {
    const step = Array.isArray(at) ? Number(key) : key;
    at = typeof at === 'object' && at !== null ? (at as Readonly<Record<PropertyKey, unknown>>)[step] : undefined;
    return step;
  });
}
