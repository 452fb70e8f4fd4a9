import { symlink, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  AnalysisView,
  CompletionView,
  EndView,
  RunEvent,
  RunRequest,
  StepView,
} from '#src/playground/contract.js';

import { Bench, NO_INPUTS } from './support.js';

const WAITS = `$state.first = await $ext.a.one($args);
const [b, c] = await Promise.all([$ext.a.two(1), $ext.b.three(2)]);
await new Promise((done) => setTimeout(done, 5));
$state.second = b + c + Math.random();
return new Map([[$state.first, new Date()]]);`;

let bench: Bench;
let made: string[] = [];

/** Notes a call, and answers it. */
function noted<T>(call: string, answer: T): T {
  made.push(call);
  return answer;
}

beforeAll(async () => {
  bench = await Bench.start({
    files: { 'a.js': 'return 1', 'b.ts': 'const n: number = 1; return n;', 'types.d.ts': '', 'notes.txt': 'secret' },
    extensions: {
      a: {
        one: (given: unknown) => noted(`one ${String(given)}`, given),
        two: async () => noted('two', 10),
      },
      b: {
        three: async () => noted('three', 20),
        breaks: () => Promise.reject(new RangeError('no')),
        odd: () => () => 1,
      },
    },
  });
});

afterAll(() => bench[Symbol.asyncDispose]());

interface Run {
  readonly steps: readonly StepView[];
  readonly end: EndView | undefined;
  readonly refused: string | undefined;
}

async function run(given: Partial<RunRequest>, on = bench): Promise<Run> {
  const body = { code: WAITS, filename: 'a.js', inputs: { ...NO_INPUTS, args: '7' }, ...given };
  const response = await on.ask('playground/run', { method: 'POST', body: JSON.stringify(body) });
  const events = (await response.text())
    .split('\n\n')
    .filter(Boolean)
    .map((block) => JSON.parse(block.replace(/^event: .*\ndata: /, '')) as RunEvent);
  return {
    steps: events.flatMap((event) => (event.kind === 'step' ? [event.step] : [])),
    end: events.flatMap((event) => (event.kind === 'end' ? [event.end] : []))[0],
    refused: events.flatMap((event) => (event.kind === 'refused' ? [event.message] : []))[0],
  };
}

describe('a run', () => {
  it('is told step by step, and repeated exactly from its recording, without calling anything', async () => {
    made = [];
    const first = await run({});
    expect(made).toEqual(['one 7', 'two', 'three']);
    expect(first.end).toMatchObject({ status: 'success' });
    expect(first.steps[0]).toMatchObject({ answers: [], waitingFor: [{ call: '$ext.a.one(7)', hasExtension: true }] });
    expect(first.steps[1]?.answers).toMatchObject([{ call: '$ext.a.one(7)', text: '7', source: 'extension' }]);
    expect(first.steps[1]?.changes).toEqual([{ path: 'first', after: '7' }]);
    expect(first.steps.at(-1)?.answers).toMatchObject([{ call: 'timer', source: 'runtime' }]);
    const from = { recording: first.end?.recording as string, segments: first.steps.length };
    const { inputs: _, ...again } = { inputs: undefined, from, isLive: false };
    const second = await run({ ...again, inputs: undefined as never });
    expect(made).toHaveLength(3);
    expect(second.end?.returned).toBe(first.end?.returned);
    expect(second.steps.map(({ changes, state }) => [changes, state])).toEqual(
      first.steps.map(({ changes, state }) => [changes, state]),
    );
    expect(second.steps.every(({ isRepeated }) => isRepeated)).toBe(true);
  });

  it('goes on from a step with other code: answers up to there are kept, and what follows is called', async () => {
    const first = await run({});
    made = [];
    const code = WAITS.replace('$ext.b.three(2)', '$ext.b.breaks()');
    const from = { recording: first.end?.recording as string, segments: 2 };
    const next = await run({ code, from });
    expect(made).toEqual(['two']);
    expect(next.steps.map(({ isRepeated }) => isRepeated).slice(0, 2)).toEqual([true, true]);
    expect(next.steps[1]?.nowMs).toBe(first.steps[1]?.nowMs);
    expect(next.end).toMatchObject({ status: 'error', error: { message: 'RangeError: no', place: { line: 2 } } });
  });

  it('waits for calls that nothing answers, and takes typed answers', async () => {
    const code = 'return [await $ext.people.ask("?"), await $ext.people.ask("!")]';
    const first = await run({ code });
    expect(first.end?.status).toBe('suspended');
    const [call] = first.steps[0]?.waitingFor ?? [];
    expect(call).toMatchObject({ method: 'people.ask', hasExtension: false });
    const from = (one: Run) => ({ recording: one.end?.recording as string, segments: one.steps.length });
    const answers = [{ callId: call?.callId as string, success: true, text: '{ "yes": true }' }];
    const second = await run({ code, from: from(first), answers });
    expect(second.end?.status).toBe('suspended');
    const last = second.steps.at(-1)?.waitingFor[0]?.callId as string;
    const bad = await run({ code, from: from(second), answers: [{ callId: last, success: true, text: '{' }] });
    expect(bad.refused).toContain('answer is "{"');
    const third = await run({ code, from: from(second), answers: [{ callId: last, success: false, text: 'never' }] });
    expect(third.end).toMatchObject({ status: 'error', error: { message: 'Error: never' } });
  });

  it('gives an error for what cannot enter the VM, and none for what was not granted', async () => {
    const odd = await run({ code: 'return await $ext.b.odd()' });
    expect(odd.end?.error?.message).toContain('cannot enter the VM');
    const denied = await run({ code: '$state.a = 1', denied: ['state:write:a'] });
    expect(denied.end?.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      capability: 'state:write:a',
      place: { line: 1 },
    });
  });

  it('is refused with what is wrong in the request', async () => {
    expect((await run({ inputs: { ...NO_INPUTS, state: '[]' } })).refused).toContain('state');
    expect((await run({ inputs: { ...NO_INPUTS, args: '{"a":' } })).refused).toMatch(/args is .* JSON/);
    expect((await run({ from: { recording: 'gone', segments: 1 } })).refused).toContain('Run the handler again');
    const compiled = await run({ code: 'return (' });
    expect(compiled.end ?? compiled).toMatchObject({ error: { code: 'COMPILATION_ERROR' } });
  });

  it('shares a recording as a file, which another playground opens', async () => {
    const first = await run({});
    const saved = await bench.ask(`playground/recording?id=${first.end?.recording}`);
    expect(saved.headers.get('content-disposition')).toBe('attachment; filename="a.nxrec"');
    const bytes = new Uint8Array(await saved.arrayBuffer());
    await using other = await Bench.start({ recording: { name: 'a.nxrec', bytes } });
    const opened = (await (await other.ask('playground/opened')).json()) as { recording: string; segments: number };
    expect(opened).toMatchObject({ code: WAITS, filename: 'a.js', inputs: { args: '7' }, areExact: true });
    const from = { recording: opened.recording, segments: opened.segments };
    const again = await run({ inputs: undefined as never, from, isLive: false }, other);
    expect(again.end?.returned).toBe(first.end?.returned);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    const damaged = await other.ask('playground/recordings?name=a.nxrec', { method: 'POST', body: bytes });
    expect(damaged.status).toBe(422);
    expect(((await damaged.json()) as { detail: string }).detail).toContain('damaged');
  });
});

describe('types', () => {
  it('complete and check by the extensions, and capabilities name their lines', async () => {
    const code = 'const x = $ext.a.\n';
    const { options } = await bench.post<CompletionView>('playground/complete', { code, filename: 'a.js', offset: 17 });
    expect(options.map(({ label }) => label)).toEqual(['one', 'two']);
    const view = await bench.post<AnalysisView>('playground/analyse', {
      code: "$state.a = 1;\nconst s: string = 1;\n\n$emit('done');",
      filename: 'b.ts',
    });
    expect(view.capabilities.map(({ capability, reasons }) => [capability, reasons[0]?.line])).toEqual([
      ['events:emit:done', 4],
      ['state:write:a', 1],
    ]);
    expect(view.problems).toMatchObject([
      { line: 2, column: 7, endColumn: 8, severity: 'error', source: 'typescript' },
    ]);
    const broken = await bench.post<AnalysisView>('playground/analyse', { code: 'return (1;', filename: 'a.js' });
    expect(broken.problems).toMatchObject([{ line: 1, source: 'nexus', severity: 'error' }]);
  });
});

describe('the server', () => {
  it('answers nobody without its token, under another name, or from another page', async () => {
    expect((await bench.ask('playground/project', { token: 'x' })).status).toBe(401);
    const { port } = new URL(bench.url);
    const { token } = /#token=(?<token>.*)/.exec(bench.url)?.groups as { token: string };
    const status = (headers: Readonly<Record<string, string>>) =>
      new Promise((resolve, reject) => {
        const options = {
          port,
          path: '/playground/project',
          headers: { authorization: `Bearer ${token}`, ...headers },
        };
        request({ host: '127.0.0.1', ...options }, (response) => resolve(response.resume().statusCode))
          .once('error', reject)
          .end();
      });
    expect(await status({})).toBe(200);
    expect(await status({ host: `evil.example:${port}` })).toBe(403);
    expect(await status({ origin: 'http://evil.example' })).toBe(403);
    expect(await status({ 'sec-fetch-site': 'cross-site' })).toBe(403);
    expect((await bench.ask('playground/nothing')).status).toBe(404);
    const page = await bench.ask('ui/playground', { token: 'none' });
    expect(page.headers.get('content-security-policy')).toContain("default-src 'none'");
    expect((await bench.ask('ui/status')).status).toBe(404);
  });

  it('reads and writes handlers of its folder, and nothing else', async () => {
    await symlink('/etc/hostname', join(bench.folder, 'link.js'));
    const read = async (name: string) => {
      const response = await bench.ask(`playground/file?name=${encodeURIComponent(name)}`);
      return [response.status, ((await response.json()) as { text?: string }).text];
    };
    expect(await read('a.js')).toEqual([200, 'return 1']);
    for (const name of [
      '../a.js',
      '/etc/passwd',
      'notes.txt',
      'link.js',
      '.hidden/a.js',
      'node_modules/a.js',
      'gone.js',
    ])
      expect([name, ...(await read(name))]).toEqual([name, 422, undefined]);
    const write = async (name: string, text: string, version: string) => {
      const init = { method: 'PUT', body: JSON.stringify({ name, text, version }) };
      const response = await bench.ask('playground/file', init);
      return (await response.json()) as { version?: string; isChanged?: true; detail?: string };
    };
    expect((await write('../out.js', '1', '')).detail).toContain('is not a handler');
    const { version = '' } = await write('new.js', 'return 2', '');
    expect(await read('new.js')).toEqual([200, 'return 2']);
    expect(await write('new.js', 'return 3', '')).toEqual({ isChanged: true });
    await writeFile(join(bench.folder, 'new.js'), 'changed elsewhere');
    expect(await write('new.js', 'return 3', version)).toEqual({ isChanged: true });
    expect(await read('new.js')).toEqual([200, 'changed elsewhere']);
  });
});
