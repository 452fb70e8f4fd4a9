// Types of the public API, compiled by `types.test.ts` and by `npm run typecheck`; never executed.
import { toStandardJsonSchema } from '@valibot/to-json-schema';
import { type } from 'arktype';
import * as v from 'valibot';
import { expectTypeOf } from 'vitest';
import * as z from 'zod';

import {
  type CallSchemas,
  type CapabilityToken,
  type ContextOf,
  capabilitiesCover,
  defineExtension,
  describeExtensions,
  type EmittedEvent,
  type ErrorResult,
  type ExtensionCall,
  type ExtensionDescription,
  jsonSchema,
  type NexusRuntime,
  parseCapabilities,
  type ResultCode,
  type RunOptions,
  type Schema,
  type SchemaInput,
  type SchemaOutput,
  type SegmentEffects,
  type StandardSchema,
  type SuccessResult,
  type SuspendedResult,
  type Suspension,
  type WarningEvent,
  type WasmContext,
  type WasmError,
  type WasmResult,
} from '#src/index.js';
import type { HandlerOptions, HandlerStep, TestResult } from '#src/testing/index.js';
import { handlerTypes } from '#src/typescript/index.js';

declare const runtime: NexusRuntime;
interface Total {
  readonly total: number;
}
interface Events {
  'order.priced': { total: number };
  'order.dropped': undefined;
}

// Results are discriminated on `status`.
const plain = await runtime.executeHandler('');
expectTypeOf(plain).toEqualTypeOf<WasmResult>();
expectTypeOf(plain.status).toEqualTypeOf<'success' | 'suspended' | 'error'>();
expectTypeOf(plain.returnValue).toBeUnknown();
expectTypeOf(plain.error).toEqualTypeOf<WasmError | undefined>();
expectTypeOf(plain.suspension).toEqualTypeOf<Suspension | undefined>();
expectTypeOf(plain.unawaitedCalls).toEqualTypeOf<readonly ExtensionCall[] | undefined>();
if (plain.status === 'success') {
  expectTypeOf(plain).toEqualTypeOf<SuccessResult>();
  expectTypeOf(plain.error).toBeUndefined();
} else if (plain.status === 'suspended') {
  expectTypeOf(plain).toEqualTypeOf<SuspendedResult>();
  expectTypeOf(plain.suspension.suspensionId).toBeString();
  expectTypeOf(plain.returnValue).toBeUndefined();
} else {
  expectTypeOf(plain).toEqualTypeOf<ErrorResult>();
  expectTypeOf(plain.error.code).toEqualTypeOf<ResultCode>();
  expectTypeOf(plain.partial).toEqualTypeOf<true>();
}
if (plain.error !== undefined) expectTypeOf(plain.status).toEqualTypeOf<'error'>();
if (plain.suspension !== undefined) expectTypeOf(plain.status).toEqualTypeOf<'suspended'>();

// The caller may say what is returned, and which events there are.
const typed = await runtime.executeHandler<Total, Events>('', {}, { timeoutMs: 5 });
expectTypeOf(typed).toEqualTypeOf<WasmResult<Total, Events>>();
if (typed.status === 'success') expectTypeOf(typed.returnValue).toEqualTypeOf<Total>();
if (typed.status !== 'success') expectTypeOf(typed.returnValue).toBeUndefined();
const { status, returnValue } = typed;
if (status === 'success') expectTypeOf(returnValue.total).toBeNumber();
for (const event of typed.events) {
  expectTypeOf(event.name).toEqualTypeOf<'order.priced' | 'order.dropped'>();
  if (event.name === 'order.priced') expectTypeOf(event.payload).toEqualTypeOf<{ total: number }>();
  else expectTypeOf(event.payload).toBeUndefined();
}
expectTypeOf<EmittedEvent>().toEqualTypeOf<{ readonly name: string; readonly payload: unknown }>();
expectTypeOf(await runtime.run<Total>('')).toEqualTypeOf<WasmResult<Total>>();
expectTypeOf(await runtime.resumeHandler<Total>('', [])).toEqualTypeOf<WasmResult<Total>>();
expectTypeOf(await runtime.executeCompiledHandler<Total>(new Uint8Array())).toEqualTypeOf<WasmResult<Total>>();
expectTypeOf<Parameters<NonNullable<RunOptions<Events>['onEffects']>>>().toEqualTypeOf<
  [effects: SegmentEffects<Events>]
>();
expectTypeOf<SegmentEffects<Events>['events'][number]>().toEqualTypeOf<EmittedEvent<Events>>();

// Contexts take interfaces and plain strings.
declare const state: Total;
declare const strings: readonly string[];
expectTypeOf({ stateSnapshot: state, capabilities: strings }).toExtend<WasmContext>();
expectTypeOf<string>().not.toExtend<NonNullable<WasmContext['stateSnapshot']>>();
expectTypeOf({ state, capabilities: strings }).toExtend<HandlerOptions>();
expectTypeOf(parseCapabilities(strings)).toEqualTypeOf<CapabilityToken[]>();
expectTypeOf(capabilitiesCover(strings, runtime.inferCapabilities(''))).toBeBoolean();
expectTypeOf<CapabilityToken[]>().toExtend<NonNullable<WasmContext['capabilities']>>();

// Schemas of every kind.
const order = z.object({ id: z.number(), count: z.coerce.number().default(1) });
const tag = v.pipe(
  v.string(),
  v.transform((text) => text.length),
);
const size = type({ width: 'number', 'height?': 'string' });
const json = jsonSchema<Total>({ type: 'object' });
expectTypeOf(order).toExtend<Schema>();
expectTypeOf(tag).toExtend<Schema>();
expectTypeOf(size).toExtend<Schema>();
expectTypeOf(toStandardJsonSchema(v.string())).toExtend<Schema>();
expectTypeOf<{ readonly type: 'object' }>().toExtend<Schema>();
expectTypeOf<7>().not.toExtend<Schema>();
expectTypeOf(json).toEqualTypeOf<StandardSchema<Total, Total>>();
expectTypeOf<SchemaOutput<typeof order>>().toEqualTypeOf<{ id: number; count: number }>();
expectTypeOf<SchemaInput<typeof order>>().toEqualTypeOf<{ id: number; count?: unknown }>();
expectTypeOf<SchemaInput<typeof tag>>().toBeString();
expectTypeOf<SchemaOutput<typeof tag>>().toBeNumber();
expectTypeOf<SchemaOutput<typeof size>>().toEqualTypeOf<{ width: number; height?: string }>();
expectTypeOf<SchemaOutput<typeof json>>().toEqualTypeOf<Total>();
expectTypeOf<SchemaOutput<{ readonly type: 'string' }>>().toBeUnknown();
expectTypeOf<SchemaOutput<undefined>>().toBeUnknown();

// Calls with schemas.
const checked = await runtime.executeHandler('', { args: { id: 7 } }, { schemas: { args: order, result: tag } });
expectTypeOf(checked).toEqualTypeOf<WasmResult<number>>();
expectTypeOf(await runtime.run('', {}, { schemas: { result: size } })).toEqualTypeOf<
  WasmResult<{ width: number; height?: string }>
>();
expectTypeOf(await runtime.resumeHandler('', [], { schemas: { result: json } })).toEqualTypeOf<WasmResult<Total>>();
expectTypeOf(
  await runtime.executeHandler('', {}, { schemas: { result: { type: 'string' } } }),
).toEqualTypeOf<WasmResult>();
expectTypeOf<ContextOf<{ args: typeof order }>['args']>().toEqualTypeOf<{ id: number; count?: unknown }>();
expectTypeOf<ContextOf<{ result: typeof tag }>>().toEqualTypeOf<WasmContext>();
expectTypeOf<{ args: { id: string } }>().not.toExtend<ContextOf<{ args: typeof order }>>();
// biome-ignore lint/complexity/noBannedTypes: a context without arguments
expectTypeOf<{}>().not.toExtend<ContextOf<{ args: typeof order }>>();
expectTypeOf<{ args: 7 }>().not.toExtend<CallSchemas>();

// Extensions: `execute` and its callers have the types of the schemas.
const extensions = defineExtension({
  http: {
    get: {
      description: 'Gets.',
      input: order,
      output: size,
      // `expectTypeOf` in here would be part of what is inferred.
      execute: async (input) => {
        const { id, count }: { id: number; count: number } = input;
        // @ts-expect-error: the schema made a number of it
        const text: string = input.count;
        return { width: id + count, height: text };
      },
    },
    json: {
      input: { type: 'string' },
      execute(input) {
        // @ts-expect-error: a JSON Schema has no type
        return input.length;
      },
    },
    ping: { execute: () => 'pong' },
  },
  text: { length: { input: v.optional(v.string()), output: tag, execute: (text = '') => text } },
});
expectTypeOf(extensions.http.get).parameters.toEqualTypeOf<[input: { id: number; count?: unknown }]>();
expectTypeOf(extensions.http.get).returns.resolves.toEqualTypeOf<{ width: number; height?: string }>();
expectTypeOf(extensions.http.ping).parameters.toEqualTypeOf<[]>();
expectTypeOf(extensions.http.json).returns.resolves.toBeUnknown();
expectTypeOf(extensions.text.length).parameters.toEqualTypeOf<[input?: string | undefined]>();
expectTypeOf(extensions.text.length).returns.resolves.toBeNumber();
expectTypeOf(extensions).toExtend<NonNullable<RunOptions['extensions']>>();
expectTypeOf(extensions).toExtend<NonNullable<WasmContext['extensionRegistry']>>();
expectTypeOf(describeExtensions(extensions)).toEqualTypeOf<ExtensionDescription[]>();
expectTypeOf(handlerTypes({ extensions, args: order })).toBeString();
defineExtension({
  // @ts-expect-error: an answer that the schema does not take
  http: { get: { output: z.number(), execute: () => 'seven' } },
});

// The test kit and observers.
expectTypeOf<TestResult>().toExtend<WasmResult>();
expectTypeOf<HandlerStep>().toExtend<TestResult>();
expectTypeOf<Extract<TestResult, { status: 'error' }>['error']>().toEqualTypeOf<WasmError>();
expectTypeOf<'NEXUS_SCHEMA'>().toExtend<WarningEvent['code']>();
expectTypeOf<'VALIDATION_ERROR'>().toExtend<ResultCode>();
