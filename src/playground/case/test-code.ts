import type { CallResult } from '../../api/answers.js';
import { NexusError } from '../../errors/nexus-error.js';
import type { Recording } from '../../testing/recording/recording.js';
import { mutated } from '../../testing/state.js';
import { toSource } from './to-source.js';

export type TestRunner = 'node' | 'vitest';

/**
 * A test of the test kit that does what was recorded: the same input, answers, time and randomness, and expects what came out.
 *
 * @param options.file the handler as the test names it; without it, its code is in the test
 * @throws NexusError INVALID_ARGUMENT if it has values that no expression makes, or it waits
 */
export function testCode(
  recording: Recording,
  { framework, file }: { readonly framework: TestRunner; readonly file?: string | undefined },
): string {
  const { outcome, context, handler } = recording;
  if (outcome.status === 'suspended') throw refused('the handler still waits: answer its calls first');
  const { methods, isMixed, usesFailure } = answersOf(recording);
  if (isMixed) throw refused('a call that was not waited for comes before another of its method');
  const isTimed = needsClock(recording) && methods.size > 0;
  const names = isTimed
    ? ['createTestRuntime']
    : [...(methods.size > 0 ? ['answers'] : []), ...(usesFailure ? ['failure'] : []), 'runHandler'];
  const options: string[] = [];
  const option = (name: string, value: unknown) => {
    if (value === undefined) return;
    options.push(`    ${name}: ${expression(value, '    ')},`);
  };
  option('state', context.stateSnapshot);
  option('args', context.args);
  option('scope', context.scope);
  option('capabilities', context.capabilities ?? []);
  if (methods.size > 0)
    options.push(`    ext: ${isTimed ? timedExtensions(methods, recording) : extensions(methods)},`);
  if (!isTimed) option('now', recording.segments[0]?.nowMs);
  option('seed', recording.seed);
  if (recording.entry !== undefined) option('entry', recording.entry);
  if (recording.toJSON === true) option('toJSON', true);
  for (const [name, value] of Object.entries({ ...recording.localeSettings, ...recording.sourceOptions }))
    option(name, value);
  if (file === undefined) option('filename', handler.filename);
  const code = file === undefined ? expression(handler.source, '') : expression(file, '');
  const title = `${handler.filename} ${outcome.status === 'success' ? 'does what was recorded' : 'fails as it was recorded'}`;
  return [
    ...(framework === 'node' ? ["import assert from 'node:assert/strict';", "import { test } from 'node:test';"] : []),
    `import { ${names.join(', ')} } from 'nexus-runtime/testing';`,
    ...(framework === 'vitest' ? ["import { expect, test } from 'vitest';"] : []),
    '',
    `test(${expression(title, '')}, async () => {`,
    ...(isTimed ? clockLines(recording) : []),
    `  const result = await ${isTimed ? 'runtime.' : ''}runHandler(${code}, {`,
    ...options,
    '  });',
    ...expectations(recording, framework),
    ...(isTimed ? ['  await runtime.shutdown();'] : []),
    '});',
    '',
  ].join('\n');
}

function expectations({ outcome, context }: Recording, framework: TestRunner): string[] {
  const expected: (readonly [name: string, value: unknown])[] = [['status', outcome.status]];
  if (outcome.status === 'success') expected.push(['returnValue', outcome.returnValue]);
  if (outcome.status === 'error') {
    expected.push(['error?.code', outcome.error.code], ['error?.message', outcome.error.message]);
  }
  if (outcome.stateMutations.length > 0)
    expected.push(['state', mutated(context.stateSnapshot, outcome.stateMutations)]);
  if (outcome.events.length > 0) expected.push(['events', outcome.events]);
  if (outcome.viewCommands.length > 0) expected.push(['views', outcome.viewCommands]);
  if (outcome.logs.length > 0) expected.push(['logs', outcome.logs]);
  return expected.map(([name, value]) => {
    const text = expression(value, '  ');
    if (framework === 'vitest') {
      const matcher = typeof value === 'object' && value !== null ? 'toEqual' : 'toBe';
      return `  expect(result.${name}).${matcher}(${text});`;
    }
    return `  assert.${typeof value === 'object' && value !== null ? 'deepEqual' : 'equal'}(result.${name}, ${text});`;
  });
}

/** The answers of each method, in the order of its calls. */
function answersOf({ calls, segments }: Recording) {
  const byId = new Map(segments.flatMap(({ answers }) => answers).map((answer) => [answer.callId, answer]));
  const methods = new Map<string, Map<string, CallResult[]>>();
  let isMixed = false;
  let usesFailure = false;
  const unanswered = new Set<string>();
  for (const { callId, extensionName, method } of calls) {
    const answer = byId.get(callId);
    const name = `${extensionName}.${method}`;
    if (answer === undefined) {
      // It was not waited for. The mock of a later call would answer it.
      unanswered.add(name);
      continue;
    }
    if (unanswered.has(name)) isMixed = true;
    usesFailure ||= !answer.success;
    const extension = methods.get(extensionName) ?? new Map<string, CallResult[]>();
    methods.set(extensionName, extension);
    extension.set(method, [...(extension.get(method) ?? []), answer]);
  }
  return { methods, isMixed, usesFailure };
}

/** Whether it may have seen the time go on while it waited: a mock then moves the clock. */
function needsClock({ segments, handler }: Recording): boolean {
  return segments.length > 1 && /\b(Date|Temporal|performance|Intl)\b/.test(handler.source);
}

function clockLines({ segments }: Recording): string[] {
  return [
    `  const runtime = await createTestRuntime({ now: ${segments[0]?.nowMs} });`,
    '  /** Answers in order, each at the time at which it came. */',
    '  const recorded = (list) => async () => {',
    '    const { at, answer, error } = list.shift();',
    '    runtime.clock.set(at);',
    '    if (error !== undefined) throw error;',
    '    return answer;',
    '  };',
  ];
}

function timedExtensions(methods: Methods, { segments }: Recording): string {
  const timeOf = ({ callId }: CallResult) =>
    segments.find(({ answers }) => answers.some((answer) => answer.callId === callId))?.nowMs ?? 0;
  return extensions(methods, (list) => {
    const items = list.map((answer) => {
      const [key, value] = answer.success ? ['answer', answer.value] : ['error', answer.error];
      return `{ at: ${timeOf(answer)}, ${key}: ${expression(value, '        ')} }`;
    });
    return `recorded([${items.join(', ')}])`;
  });
}

type Methods = ReadonlyMap<string, ReadonlyMap<string, readonly CallResult[]>>;

function extensions(methods: Methods, write = inOrder): string {
  const lines = [...methods].map(([name, members]) => {
    const written = [...members].map(([method, list]) => `${key(method)}: ${write(list)}`);
    return `      ${key(name)}: { ${written.join(', ')} },`;
  });
  return `{\n${lines.join('\n')}\n    }`;
}

function inOrder(list: readonly CallResult[]): string {
  const items = list.map((answer) =>
    answer.success ? expression(answer.value, '        ') : `failure(${expression(answer.error, '        ')})`,
  );
  return `answers([${items.join(', ')}])`;
}

function key(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : JSON.stringify(name);
}

function expression(value: unknown, indent: string): string {
  const text = toSource(value, indent);
  if (text === undefined) throw refused('it has a value that cannot be written as code');
  return text;
}

function refused(why: string): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `This run cannot be written as a test: ${why}. Its recording can be replayed: await replay('file.nxrec').`,
    { context: { field: 'recording' } },
  );
}
