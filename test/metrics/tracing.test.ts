import { AsyncLocalStorage } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  type Context,
  type ContextManager,
  context as contexts,
  createTraceState,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  trace,
} from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import {
  type CallTrace,
  type CapabilityToken,
  createRuntime,
  type NexusRuntime,
  type RuntimeOptions,
  type Tracing,
} from '#src/index.js';
import { openTelemetry } from '#src/otel/index.js';

import { ENDLESS, rejection, withRuntime } from '../support/runtime-helpers.js';
import { bundleSource } from '../support/sources/bundle-source.js';
import { ANYTHING, answer, suspensionOf } from '../suspension/resume-helpers.js';

const ONE_WORKER = { maxInstances: 1, killGraceMs: 50 };
const ORIGIN = { handlerName: 'pay', panelId: 'cart' };
const TENANT = { tenant: 'acme' };
const WAITS_TWICE = 'const a = await $ext.a.b(); return a + (await $ext.a.c())';

const directory = await mkdtemp(join(tmpdir(), 'nexus-tracing-'));
afterAll(() => rm(directory, { recursive: true, force: true }));
afterEach(() => {
  contexts.disable();
  trace.disable();
});

/** A call, with its parts. */
interface TracedCall {
  readonly span: ReadableSpan;
  readonly phases: readonly ReadableSpan[];
}

/** Where the spans of one process go. */
class Spans {
  readonly #exporter = new InMemorySpanExporter();
  readonly tracerProvider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(this.#exporter)] });
  readonly tracing = openTelemetry({ tracerProvider: this.tracerProvider });

  /** Calls that have ended, in the order of their ends: each has ended after its parts. */
  get calls(): TracedCall[] {
    const ended = this.#exporter.getFinishedSpans();
    const isPart = (span: ReadableSpan) =>
      ended.indexOf(span) < ended.findIndex((other) => idOf(other) === parentOf(span));
    return ended
      .filter((span) => !isPart(span))
      .map((span) => ({ span, phases: ended.filter((other) => isPart(other) && parentOf(other) === idOf(span)) }));
  }

  /** The only call that there was. */
  get call(): TracedCall {
    const [call, ...others] = this.calls;
    if (call === undefined) throw new Error('no call has ended');
    expect(others).toEqual([]);
    return call;
  }
}

function idOf(span: ReadableSpan): string {
  return span.spanContext().spanId;
}

function parentOf(span: ReadableSpan): string | undefined {
  return span.parentSpanContext?.spanId;
}

function traceOf({ span }: TracedCall): string {
  return span.spanContext().traceId;
}

function namesOf({ span, phases }: TracedCall): string[] {
  return [span.name, ...phases.map(({ name }) => name)];
}

/** In nanoseconds since the epoch. */
function timesOf({ startTime, endTime }: ReadableSpan): [start: bigint, end: bigint] {
  const nanoseconds = ([seconds, rest]: readonly [number, number]) => BigInt(seconds) * 1_000_000_000n + BigInt(rest);
  return [nanoseconds(startTime), nanoseconds(endTime)];
}

/** A runtime whose traces are looked at. */
async function withTraces(
  use: (runtime: NexusRuntime, spans: Spans) => Promise<void>,
  options: RuntimeOptions = {},
): Promise<void> {
  const spans = new Spans();
  await withRuntime({ ...ONE_WORKER, tracing: spans.tracing, ...options }, (runtime) => use(runtime, spans));
}

/** What applications have from their OpenTelemetry SDK. */
class AsyncContexts implements ContextManager {
  readonly #storage = new AsyncLocalStorage<Context>();

  active(): Context {
    return this.#storage.getStore() ?? ROOT_CONTEXT;
  }

  with<A extends unknown[], F extends (...args: A) => ReturnType<F>>(
    context: Context,
    act: F,
    self?: ThisParameterType<F>,
    ...args: A
  ): ReturnType<F> {
    return this.#storage.run(context, () => act.apply(self, args));
  }

  bind<T>(_context: Context, target: T): T {
    return target;
  }

  enable(): this {
    return this;
  }

  disable(): this {
    return this;
  }
}

describe('an execution', () => {
  it('is a span with its parts as children', () =>
    withTraces(async (runtime, spans) => {
      const { metrics } = await runtime.executeHandler('$log("a"); return 1', ORIGIN, TENANT);
      const { call } = spans;
      expect(namesOf(call)).toEqual(['nexus.handler', 'nexus.compile', 'nexus.queue', 'nexus.execute']);
      expect(call.span.kind).toBe(SpanKind.INTERNAL);
      expect(call.span.instrumentationScope.name).toBe('nexus-runtime');
      expect(call.span.parentSpanContext).toBeUndefined();
      expect(call.span.status).toEqual({ code: SpanStatusCode.UNSET });
      expect(call.span.attributes).toEqual({
        'nexus.handler': 'pay',
        'nexus.panel': 'cart',
        'nexus.tenant': 'acme',
        'nexus.status': 'success',
      });
      for (const phase of call.phases) {
        expect(parentOf(phase)).toBe(idOf(call.span));
        expect(phase.spanContext().traceId).toBe(traceOf(call));
        expect(phase.status.code).toBe(SpanStatusCode.UNSET);
      }
      expect(call.phases.map(({ attributes }) => attributes)).toEqual([
        { 'nexus.cache.hit': false, 'nexus.cache.tier': 'none' },
        {},
        {
          'nexus.status': 'success',
          'nexus.instructions': metrics.instructionCount,
          'nexus.memory.peak_bytes': metrics.memoryPeakBytes,
          'nexus.host_calls': 1,
        },
      ]);
    }));

  it('says where it found the handler, and nothing of an origin that it does not have', () =>
    withTraces(async (runtime, spans) => {
      await runtime.executeHandler('return 1');
      await runtime.executeHandler('return 1');
      const again = spans.calls[1];
      expect(again?.phases[0]?.attributes).toEqual({ 'nexus.cache.hit': true, 'nexus.cache.tier': 'memory' });
      expect(again?.span.attributes).toEqual({ 'nexus.status': 'success' });
      expect(spans.calls[0]?.span.spanContext().traceId).not.toBe(again?.span.spanContext().traceId);
    }));

  it('an execution of an artifact is a span, too', () =>
    withTraces(async (runtime, spans) => {
      await runtime.executeCompiledHandler(await runtime.precompileHandler('return 1'), ORIGIN);
      expect(namesOf(spans.call)).toEqual(['nexus.handler', 'nexus.compile', 'nexus.queue', 'nexus.execute']);
    }));

  it('has parts that follow each other and take what the metrics say', () =>
    withTraces(async (runtime, spans) => {
      const { metrics } = await runtime.executeHandler('for (let i = 0; i < 1e5; i++); return 1');
      const times = spans.call.phases.map(timesOf);
      const lengths = [metrics.compilationTimeUs, metrics.queueTimeUs, metrics.durationUs];
      for (const [i, [start, end]] of times.entries()) {
        // What is left of a time since the epoch in a double: less than a microsecond.
        expect(Math.abs(Number(end - start) / 1000 - (lengths[i] ?? Number.NaN))).toBeLessThan(1);
        const next = times[i + 1]?.[0] ?? end;
        expect(next >= start && Math.abs(Number(next - end)) < 1000).toBe(true);
      }
    }));

  it('has parts that lie within it', () =>
    withTraces(async (runtime, spans) => {
      for (let i = 0; i < 50; i++) await runtime.executeHandler(`return ${i % 10}`);
      for (const { span, phases } of spans.calls) {
        const [start, end] = timesOf(span);
        for (const phase of phases) {
          const [partStart, partEnd] = timesOf(phase);
          expect([partStart >= start, partEnd <= end]).toEqual([true, true]);
        }
      }
    }));

  it('gives the same result as without tracing', async () => {
    const code = '$emit("e", 1); return [Math.random(), Date.now()]';
    const options = { seed: 1, now: 1 };
    const plain = await withRuntime(ONE_WORKER, (runtime) => runtime.executeHandler(code, ANYTHING, options));
    await withTraces(async (runtime) => {
      const { metrics: _, ...traced } = await runtime.executeHandler(code, ANYTHING, options);
      expect(plain).toMatchObject(traced);
    });
  });
});

describe('an error', () => {
  it.each([
    ['throw new TypeError("bad")', 'EXECUTION_ERROR', 'TypeError: bad'],
    [ENDLESS, 'TIMEOUT', 'ran longer'],
    ['return (', 'COMPILATION_ERROR', 'SyntaxError'],
    ['$emit("e")', 'PERMISSION_DENIED', 'events:emit:e'],
  ])('an error of %s is the status and the type of the call', (code, type, message) =>
    withTraces(async (runtime, spans) => {
      expect((await runtime.executeHandler(code, ORIGIN, 80)).error?.code).toBe(type);
      const { span, phases } = spans.call;
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: expect.stringContaining(message) });
      expect(span.attributes).toMatchObject({ 'nexus.status': 'error', 'nexus.handler': 'pay', 'error.type': type });
      // What does not compile is never executed.
      const last = type === 'COMPILATION_ERROR' ? [undefined, 'nexus.compile'] : ['error', 'nexus.execute'];
      expect([phases.at(-1)?.attributes['nexus.status'], phases.at(-1)?.name]).toEqual(last);
    }));

  it('an error of a call that gives no result ends its span, which says so', () =>
    withTraces(async (runtime, spans) => {
      const bad = { ...ORIGIN, capabilities: ['all' as CapabilityToken] };
      const error = (await rejection(runtime.executeHandler('return 1', bad))) as Error;
      const { span, phases } = spans.call;
      expect(phases).toEqual([]);
      expect(span.status).toEqual({ code: SpanStatusCode.ERROR, message: error.message });
      expect(span.attributes).toEqual({
        'nexus.handler': 'pay',
        'nexus.panel': 'cart',
        'nexus.status': 'rejected',
        'error.type': 'INVALID_ARGUMENT',
      });
    }));

  it.each([
    ['executeCompiledHandler', 'INVALID_ARTIFACT', 'nexus.handler'],
    ['resumeHandler', 'INVALID_ARGUMENT', 'nexus.resume'],
    ['run', 'INVALID_ARGUMENT', 'nexus.run'],
  ] as const)('an error of %s that gives no result ends its span, too', (method, code, name) =>
    withTraces(async (runtime, spans) => {
      const call = async () => {
        if (method === 'executeCompiledHandler') return runtime.executeCompiledHandler(new Uint8Array(9));
        if (method === 'run') return runtime.run('return 1', { capabilities: ['all' as CapabilityToken] }, {});
        const { suspensionId } = suspensionOf(await runtime.executeHandler(WAITS_TWICE, ANYTHING));
        return runtime.resumeHandler(suspensionId, []);
      };
      expect(await rejection(call())).toMatchObject({ code });
      const last = spans.calls.at(-1)?.span;
      expect(last).toMatchObject({ name, status: { code: SpanStatusCode.ERROR } });
      expect(last?.attributes).toMatchObject({ 'nexus.status': 'rejected', 'error.type': code });
    }));
});

describe('a handler that is suspended', () => {
  it('goes on in its trace, each call as a child of the one before it, in whichever process', async () => {
    const options = { suspensionDir: join(directory, 'kept'), suspensionSecret: 'sixteen bytes or more' };
    let begun: TracedCall | undefined;
    let suspensionId = '';
    await withTraces(async (runtime, spans) => {
      ({ suspensionId } = suspensionOf(await runtime.executeHandler(WAITS_TWICE, { ...ANYTHING, ...ORIGIN })));
      begun = spans.call;
      expect(namesOf(begun)).toEqual([
        'nexus.handler',
        'nexus.compile',
        'nexus.queue',
        'nexus.execute',
        'nexus.suspend',
      ]);
      expect(begun.span.attributes['nexus.status']).toBe('suspended');
      expect(begun.phases.at(-1)?.attributes).toEqual({
        'nexus.suspension.id': suspensionId,
        'nexus.suspension.calls': 1,
      });
    }, options);
    if (begun === undefined) throw new Error('it was not traced');
    const { span: first } = begun;

    await withTraces(async (runtime, spans) => {
      const next = suspensionOf(await runtime.resumeHandler(suspensionId, answer(1), TENANT));
      expect((await runtime.resumeHandler(next.suspensionId, answer(2))).returnValue).toBe(3);
      const [second, third] = spans.calls;
      if (second === undefined || third === undefined) throw new Error('they were not traced');
      expect([second.span.name, third.span.name]).toEqual(['nexus.resume', 'nexus.resume']);
      expect(second.span.parentSpanContext).toMatchObject({ spanId: idOf(first), isRemote: true });
      expect(parentOf(third.span)).toBe(idOf(second.span));
      expect([traceOf(second), traceOf(third)]).toEqual([first.spanContext().traceId, first.spanContext().traceId]);
      expect(second.span.attributes).toEqual({
        'nexus.handler': 'pay',
        'nexus.panel': 'cart',
        'nexus.tenant': 'acme',
        'nexus.status': 'suspended',
      });
      expect(third.span.attributes).toEqual({
        'nexus.handler': 'pay',
        'nexus.panel': 'cart',
        'nexus.tenant': 'acme',
        'nexus.status': 'success',
      });
      expect(second.phases.at(-1)?.attributes).toEqual({
        'nexus.suspension.id': next.suspensionId,
        'nexus.suspension.calls': 1,
      });
    }, options);
  });

  it('is not said to be compiled when it goes on', () =>
    withTraces(async (runtime, spans) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING));
      await runtime.resumeHandler(suspensionId, answer(1));
      const resumed = spans.calls[1];
      expect(resumed?.phases.map(({ name }) => name)).toEqual(['nexus.queue', 'nexus.execute']);
    }));

  it('leaves no span when its recorded outcome is given again', () =>
    withTraces(async (runtime, spans) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING));
      for (let i = 0; i < 3; i++) expect((await runtime.resumeHandler(suspensionId, answer(1))).returnValue).toBe(1);
      expect(spans.calls.map(({ span }) => span.name)).toEqual(['nexus.handler', 'nexus.resume']);
    }));

  it('a handler that is suspended without tracing begins a trace when it resumes with it, and resumes without it', async () => {
    const options = { suspensionDir: join(directory, 'untraced') };
    const suspend = (runtime: NexusRuntime) => runtime.executeHandler(WAITS_TWICE, ANYTHING);
    const begun = suspensionOf(await withRuntime({ ...ONE_WORKER, ...options }, suspend));
    let next = '';
    await withTraces(async (runtime, spans) => {
      next = suspensionOf(await runtime.resumeHandler(begun.suspensionId, answer(1))).suspensionId;
      expect(spans.call.span.name).toBe('nexus.resume');
      expect(spans.call.span.parentSpanContext).toBeUndefined();
    }, options);
    await withRuntime({ ...ONE_WORKER, ...options }, async (runtime) => {
      expect((await runtime.resumeHandler(next, answer(2))).returnValue).toBe(3);
    });
  });
});

describe('a run', () => {
  it('is one span, with the parts of each segment', () =>
    withTraces(async (runtime, spans) => {
      const extensions = { a: { b: () => 1, c: () => 2 } };
      const result = await runtime.run(WAITS_TWICE, { ...ANYTHING, ...ORIGIN }, { extensions, ...TENANT });
      expect(result.returnValue).toBe(3);
      const { call } = spans;
      expect(call.span.name).toBe('nexus.run');
      expect(call.span.attributes).toEqual({
        'nexus.handler': 'pay',
        'nexus.panel': 'cart',
        'nexus.tenant': 'acme',
        'nexus.status': 'success',
      });
      const segments = call.phases.filter(({ name }) => name === 'nexus.execute');
      expect(segments.map(({ attributes }) => attributes['nexus.status'])).toEqual([
        'suspended',
        'suspended',
        'success',
      ]);
      expect(call.phases.filter(({ name }) => name === 'nexus.queue')).toHaveLength(3);
      expect(call.phases.filter(({ name }) => name === 'nexus.suspend')).toEqual([]);
      expect(call.phases[0]?.name).toBe('nexus.compile');
      const starts = call.phases.map((phase) => timesOf(phase)[0]);
      expect(starts).toEqual([...starts].sort((a, b) => Number(a - b)));
    }));

  it('a run that fails says so', () =>
    withTraces(async (runtime, spans) => {
      const extensions = {
        a: {
          b: () => {
            throw new Error('no bank');
          },
        },
      };
      await runtime.run(WAITS_TWICE, ANYTHING, { extensions });
      expect(spans.call.span).toMatchObject({
        status: { code: SpanStatusCode.ERROR, message: expect.stringContaining('no bank') },
        attributes: { 'nexus.status': 'error', 'error.type': 'EXECUTION_ERROR' },
      });
    }));

  it.each([
    ['null', null],
    ['an object without a prototype', Object.create(null)],
  ])('a run that its onEffects ends with %s rejects with just that', (_what, thrown) =>
    withTraces(async (runtime, spans) => {
      const onEffects = () => {
        throw thrown;
      };
      expect(await rejection(runtime.run('return 1', {}, { onEffects }))).toBe(thrown);
      expect(spans.call.span.attributes).toMatchObject({ 'nexus.status': 'rejected' });
    }));
});

describe('the context of the application', () => {
  it('is where a call begins, and its trace state goes with the handler', async () => {
    contexts.setGlobalContextManager(new AsyncContexts());
    const options = { suspensionDir: join(directory, 'state') };
    const parent = {
      traceId: '0af7651916cd43dd8448eb211c80319c',
      spanId: 'b7ad6b7169203331',
      traceFlags: TraceFlags.SAMPLED,
      traceState: createTraceState('vendor=1'),
    };
    let suspensionId = '';
    await withTraces(async (runtime, spans) => {
      const active = trace.setSpanContext(ROOT_CONTEXT, parent);
      const begun = contexts.with(active, () => runtime.executeHandler(WAITS_TWICE, ANYTHING));
      ({ suspensionId } = suspensionOf(await begun));
      expect(parentOf(spans.call.span)).toBe(parent.spanId);
      expect(traceOf(spans.call)).toBe(parent.traceId);
    }, options);
    await withTraces(async (runtime, spans) => {
      await runtime.resumeHandler(suspensionId, answer(1));
      expect(traceOf(spans.call)).toBe(parent.traceId);
      expect(spans.call.span.spanContext().traceState?.serialize()).toBe('vendor=1');
    }, options);
  });

  it('the context of the application that is not sampled goes with the handler, too', () =>
    withTraces(async (runtime, spans) => {
      contexts.setGlobalContextManager(new AsyncContexts());
      const parent = {
        traceId: '0af7651916cd43dd8448eb211c80319c',
        spanId: 'b7ad6b7169203331',
        traceFlags: TraceFlags.NONE,
      };
      const active = trace.setSpanContext(ROOT_CONTEXT, parent);
      const begun = contexts.with(active, () => runtime.executeHandler('return $ext.a.b()', ANYTHING));
      await runtime.resumeHandler(suspensionOf(await begun).suspensionId, answer(1));
      expect(spans.calls).toEqual([]);
    }));
});

describe('openTelemetry()', () => {
  it('takes the provider that is registered when a call begins, and does nothing without one', () =>
    withRuntime({ ...ONE_WORKER, tracing: openTelemetry() }, async (runtime) => {
      const before = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING));
      const spans = new Spans();
      trace.setGlobalTracerProvider(spans.tracerProvider);
      await runtime.executeHandler('return 1');
      expect(spans.call.span.name).toBe('nexus.handler');
      await runtime.resumeHandler(before.suspensionId, answer(1));
      expect(spans.calls[1]?.span.name).toBe('nexus.resume');
      expect(spans.calls[1]?.span.parentSpanContext).toBeUndefined();
    }));

  it('begins a trace of its own from a carrier that it does not understand', () => {
    const spans = new Spans();
    for (const traceparent of ['', '01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', 'nonsense']) {
      spans.tracing.begin('resume', 1, {}, { traceparent }).end(2, { 'nexus.status': 'success' });
    }
    spans.tracing.begin('resume', 1, {}, {}).end(2, {});
    expect(spans.calls).toHaveLength(4);
    for (const { span } of spans.calls) expect(span.parentSpanContext).toBeUndefined();
  });
});

describe('without the option tracing', () => {
  /** Fails where a module of OpenTelemetry would be loaded. */
  const FORBID = `
    import { register } from 'node:module';
    register('data:text/javascript,' + encodeURIComponent(\`
      export function resolve(specifier, context, next) {
        if (specifier.startsWith('@opentelemetry')) throw new Error('not there: ' + specifier);
        return next(specifier, context);
      }\`));`;
  const run = (program: string) => {
    const args = [
      '--import',
      `data:text/javascript,${encodeURIComponent(FORBID)}`,
      '--input-type=module',
      '-e',
      program,
    ];
    return promisify(execFile)(process.execPath, args, { timeout: 20_000 });
  };

  it('nothing of OpenTelemetry is loaded', async () => {
    const { stdout } = await run(`
      import { createRuntime } from '${await bundleSource('src/index.ts')}';
      const runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
      console.log((await runtime.executeHandler('return 6 * 7')).returnValue);
      await runtime.shutdown();`);
    expect(stdout.trim()).toBe('42');
    await expect(run(`import '${await bundleSource('src/otel/index.ts')}';`)).rejects.toThrow(
      'not there: @opentelemetry/api',
    );
  });
});

describe('the option tracing', () => {
  it.each([
    ['on'],
    [true],
    [null],
    [{}],
    [openTelemetry],
    [{ begin: 'now' }],
  ])('%o is INVALID_CONFIG', async (tracing) => {
    expect(await rejection(createRuntime({ tracing: tracing as unknown as Tracing }))).toMatchObject({
      code: 'INVALID_CONFIG',
      context: { option: 'tracing' },
    });
  });

  it('takes a tracing of the application, which finds its own carriers again', () => {
    const told: unknown[][] = [];
    const tracing: Tracing = {
      begin(name, startMs, attributes, carrier): CallTrace {
        told.push(['begin', name, attributes, carrier]);
        return {
          phase: (phase, startMs, endMs) => void told.push([phase, endMs >= startMs]),
          carrier: () => ({ mine: name }),
          end: (endMs, end, error) => void told.push(['end', endMs >= startMs, end['nexus.status'], error?.code]),
        };
      },
    };
    return withRuntime({ ...ONE_WORKER, tracing }, async (runtime) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler('return $ext.a.b()', ANYTHING, TENANT));
      expect(told).toEqual([
        ['begin', 'execute', { 'nexus.tenant': 'acme' }, undefined],
        ['compile', true],
        ['queue', true],
        ['execute', true],
        ['suspend', true],
        ['end', true, 'suspended', undefined],
      ]);
      told.length = 0;
      await runtime.resumeHandler(suspensionId, answer(1));
      expect(told[0]).toEqual(['begin', 'resume', { 'nexus.tenant': 'acme' }, { mine: 'execute' }]);
      expect(told.at(-1)).toEqual(['end', true, 'success', undefined]);
    });
  });

  it('may throw what cannot be made a string', () => {
    const tracing: Tracing = {
      begin() {
        throw Object.create(null);
      },
    };
    return withRuntime({ ...ONE_WORKER, tracing }, async (runtime) => {
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
    });
  });

  it.each([
    'begin',
    'phase',
    'carrier',
    'end',
  ])('may throw in %s, and the handler is none the worse for it', (where) => {
    const failIn = (name: string) => {
      if (name === where && isFailing) throw new Error('no collector');
    };
    let isFailing = false;
    const tracing: Tracing = {
      begin(): CallTrace {
        failIn('begin');
        return {
          phase: () => failIn('phase'),
          carrier: () => {
            failIn('carrier');
            return {};
          },
          end: () => failIn('end'),
        };
      },
    };
    return withRuntime({ ...ONE_WORKER, tracing }, async (runtime) => {
      const { suspensionId } = suspensionOf(await runtime.executeHandler(WAITS_TWICE, ANYTHING));
      isFailing = true;
      expect((await runtime.executeHandler('return 1')).returnValue).toBe(1);
      const next = suspensionOf(await runtime.resumeHandler(suspensionId, answer(1)));
      expect((await runtime.resumeHandler(next.suspensionId, answer(2))).returnValue).toBe(3);
    });
  });
});
