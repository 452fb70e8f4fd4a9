import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import ts from 'typescript';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import * as z from 'zod';

import { defineExtension, type JsonSchema } from '#src/index.js';
import { handlerTypes } from '#src/typescript/handler-types.js';
import { typeOfSchema } from '#src/typescript/schema-types.js';

describe('the type of a JSON Schema', () => {
  it.each<[JsonSchema, string]>([
    [true, 'unknown'],
    [false, 'never'],
    [{}, 'unknown'],
    [{ type: 'integer' }, 'number'],
    [{ type: ['string', 'null'] }, 'string | null'],
    [{ enum: ['a', 1, null, true] }, '"a" | 1 | null | true'],
    [{ const: "it's" }, '"it\'s"'],
    [{ type: 'string', enum: ['a'] }, '"a"'],
    [{ type: 'array', items: { type: ['string', 'number'] } }, '(string | number)[]'],
    [{ prefixItems: [{ type: 'string' }, { type: 'number' }], items: false, minItems: 1 }, '[string, number?]'],
    [{ prefixItems: [{ type: 'string' }], minItems: 1 }, '[string, ...unknown[]]'],
    [
      { type: 'object', properties: { a: { type: 'string' }, 'b-c': { type: 'boolean' } }, required: ['a'] },
      '{ a: string; "b-c"?: boolean }',
    ],
    [{ type: 'object' }, '{ [key: string]: unknown }'],
    [{ type: 'object', additionalProperties: false }, 'Record<string, never>'],
    [{ type: 'object', additionalProperties: { type: 'number' } }, '{ [key: string]: number }'],
    [{ anyOf: [{ type: 'string' }, { type: 'object', properties: { a: {} } }] }, 'string | { a?: unknown }'],
    [{ allOf: [{ properties: { a: {} } }, { properties: { b: {} } }] }, '{ a?: unknown } & { b?: unknown }'],
    [{ $ref: '#/$defs/id', $defs: { id: { type: 'number' } } }, 'number'],
    [{ $ref: '#/$defs/away', $defs: {} }, 'unknown'],
    [
      { $ref: '#/$defs/t', $defs: { t: { properties: { next: { $ref: '#/$defs/t' }, v: { type: 'string' } } } } },
      '{ next?: unknown; v?: string }',
    ],
    [{ type: 'string', description: 'Ends */ evil();\nhere' }, 'string'],
    [
      { properties: { a: { type: 'string', description: 'Ends */ evil();\nhere' } } },
      '{ /** Ends *\u200b/ evil(); here */ a?: string }',
    ],
    [{ properties: { 'a: any }; evil(); //': { type: 'string' } } }, '{ "a: any }; evil(); //"?: string }'],
  ])('%j', (schema, expected) => {
    expect(typeOfSchema(schema)).toBe(expected);
    const { diagnostics } = ts.transpileModule(`type T = ${typeOfSchema(schema)};`, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
  });
});

describe('declarations of handlers', () => {
  const fields = { url: z.url().describe('An address.'), retries: z.number().default(1) };
  const extensions = defineExtension({
    http: {
      get: {
        description: 'Fetches\n a page.',
        input: z.object(fields),
        output: z.object(fields),
        execute: () => ({ url: '' }),
      },
      none: { execute: () => 1 },
    },
    text: {
      ark: { input: type({ a: "'x' | 'y'", 'b?': 'number[]' }), execute: () => 1 },
      valibot: { output: toStandardJsonSchema(v.nullable(v.string())), execute: () => null },
      json: { input: { type: 'array', items: { type: 'string' } }, execute: () => 1 },
    },
  });

  it('have what a handler passes and gets, in any library, with descriptions', () => {
    const text = handlerTypes({ extensions, args: z.object(fields) });
    expect(text).toContain(`const $ext: HandlerExtensions<{
    "http": {
      /** Fetches a page. */
      "get"(input: { /** An address. */ url: string; retries?: number }): { /** An address. */ url: string; retries: number };
      "none"(): unknown;
    };
    "text": {
      "ark"(input: { a: "x" | "y"; b?: number[] }): unknown;
      "valibot"(): string | null;
      "json"(input: string[]): unknown;
    };
  }>;`);
    // Handlers get what the schema made of their arguments.
    expect(text).toContain('const $args: { /** An address. */ url: string; retries: number };');
    const { diagnostics } = ts.transpileModule(text, { reportDiagnostics: true });
    expect(diagnostics).toEqual([]);
  });

  it.each<[object, string]>([
    [{ args: z.date() }, 'options.args cannot be written as JSON Schema (Date cannot be represented'],
    [
      { args: v.string() },
      'options.args is a schema of valibot that cannot be written as JSON Schema: wrap it: toStandardJsonSchema',
    ],
    [{ args: { type: 'text' } }, 'options.args.type is "text"'],
    [{ args: 7 }, 'options.args is 7'],
    [{ extensions: { http: { get() {} } } }, 'options.extensions.http is an object'],
    [
      { extensions: defineExtension({ a: { b: { input: v.string(), execute: () => 1 } } }) },
      'options.extensions.a.b.input is a schema of valibot',
    ],
    [{ state: z.object({}) }, 'options.state is an object'],
  ])('%#: %s', (options, message) => {
    expect(() => handlerTypes(options)).toThrow(
      expect.objectContaining({ code: 'INVALID_ARGUMENT', message: expect.stringContaining(message) }),
    );
  });
});
