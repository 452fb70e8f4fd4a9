import { mkdtemp, readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';

import type { AuditEvent, WasmResult } from '#src/index.js';
import { createRuntime } from '#src/index.js';
import { RunPlaces } from '#src/suspension/room/run-places.js';
import { record, replay, runHandler, suspendAt } from '#src/testing/index.js';
import { rejection } from '../support/runtime-helpers.js';

const SECRET = 'sk_live_never_in_the_VM_51ABCdef';
const ALL = { capabilities: ['net:*', 'timer', 'ext:*', 'state:write:*'] };

let server: Server;
let base = '';
let hosts: string[] = [];
const seen: string[] = [];
beforeAll(async () => {
  server = createServer((request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers.authorization ?? ''}`);
    if (request.url === '/slow') return;
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(200, {
        'content-type': 'application/json',
        'x-said': request.headers.authorization ?? 'none',
      });
      response.end(
        JSON.stringify({
          path: request.url,
          said: request.headers.authorization,
          body: request.url === '/big' ? '' : String(Buffer.concat(chunks)),
        }),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  base = `http://127.0.0.1:${port}`;
  hosts = [`127.0.0.1:${port}`];
});
afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const options = (more: object = {}) => ({
  cacheDir: false as const,
  maxInstances: 1,
  network: { allow: hosts, allowPrivate: true, secrets: { KEY: { hosts, value: SECRET } }, ...more },
});

/** Runs a handler as `executeHandler` and `resumeHandler` do, until it waits for nothing that the runtime answers. */
async function execute(runtime: Awaited<ReturnType<typeof createRuntime>>, code: string): Promise<WasmResult> {
  let result = await runtime.executeHandler(code, ALL);
  while (result.suspension !== undefined && result.suspension.calls.length === 0) {
    expect(result.suspension.wakeAt).toBeInstanceOf(Date);
    result = await runtime.resumeHandler(result.suspension.suspensionId);
  }
  return result;
}

describe('a handler that fetches', () => {
  it('makes a request once, though the call with its response fails', async () => {
    await using runtime = await createRuntime(options());
    const code = `
      const [response, row] = await Promise.all([fetch('${base}/once', { method: 'POST', body: 'x' }), $ext.db.get(1)]);
      return [(await response.json()).path, row];`;
    const { suspension } = await runtime.executeHandler(code, ALL);
    const id = suspension?.suspensionId ?? '';
    const refused = await rejection(runtime.resumeHandler(id, { success: true, value: () => {} }));
    expect(refused).toMatchObject({ code: 'SERIALIZATION_ERROR' });
    const { returnValue } = await runtime.resumeHandler(id, { success: true, value: 2 });
    expect(returnValue).toEqual(['/once', 2]);
    expect(seen.filter((line) => line.startsWith('POST /once'))).toHaveLength(1);
  });

  it.each(['run', 'executeHandler'] as const)('gets the response of %s', async (method) => {
    await using runtime = await createRuntime(options());
    const code = `
      const response = await fetch('${base}/a?b', { method: 'POST', body: 'x', headers: { Authorization: 'Bearer {{secret:KEY}}' } });
      const { path, said, body } = await response.json();
      return [response.status, response.headers.get('x-said'), path, said, body];`;
    const result = method === 'run' ? await runtime.run(code, ALL) : await execute(runtime, code);
    expect(result.returnValue).toEqual([200, 'Bearer {{secret:KEY}}', '/a?b', 'Bearer {{secret:KEY}}', 'x']);
    expect(seen.at(-1)).toBe(`POST /a?b Bearer ${SECRET}`);
  });

  it('makes several at once, and waits for calls beside them', async () => {
    await using runtime = await createRuntime(options());
    const code = `
      const all = await Promise.all([fetch('${base}/1'), $ext.a.b(), fetch('${base}/2'), $sleep(1)]);
      return [await all[0].json(), all[1], await all[2].json()].map((each) => each.path ?? each);`;
    const ran = await runtime.run(code, ALL, { extensions: { a: { b: () => 'called' } } });
    expect(ran.returnValue).toEqual(['/1', 'called', '/2']);
    const first = await execute(runtime, code);
    expect(first.suspension?.calls.map(({ extensionName }) => extensionName)).toEqual(['a']);
    const answered = runtime.resumeHandler(first.suspension?.suspensionId ?? '', { success: true, value: 'answered' });
    let end = await answered;
    while (end.suspension !== undefined)
      end = await runtime.resumeHandler(end.suspension.suspensionId).catch(async (error) => {
        expect(error).toMatchObject({ code: 'INVALID_ARGUMENT' });
        await new Promise(setImmediate);
        return end;
      });
    expect(end.returnValue).toEqual(['/1', 'answered', '/2']);
  });

  it('is denied what the options do not allow, at its line', async () => {
    const audited: AuditEvent[] = [];
    await using runtime = await createRuntime({
      ...options(),
      observer: { onAudit: (event) => void audited.push(event) },
    });
    const { error } = await runtime.run('\nreturn await fetch("https://evil.example/x")', ALL);
    expect(error).toMatchObject({
      code: 'PERMISSION_DENIED',
      location: { line: 2 },
      context: {
        capability: 'net:GET:evil.example',
        option: 'network.allow',
        remedy: expect.stringContaining('network.allow'),
      },
    });
    expect(audited.filter(({ allowed }) => !allowed)).toMatchObject([{ capability: 'net:GET:evil.example', uses: 1 }]);
    const secret = await runtime.run(`return await fetch('${base}/', { headers: { a: '{{secret:OTHER}}' } })`, ALL);
    expect(secret.error).toMatchObject({
      code: 'EXECUTION_ERROR',
      name: 'TypeError',
      fields: { code: 'SECRET_REFUSED' },
    });
    expect(audited.filter(({ allowed }) => !allowed)).toHaveLength(2);
    const ungranted = await runtime.run(`return await fetch('${base}/')`, {
      capabilities: ['net:POST:*', 'net:*:other.example'],
    });
    expect(ungranted.error).toMatchObject({
      code: 'PERMISSION_DENIED',
      context: { capability: `net:GET:${hosts[0]}` },
    });
    const granted = await runtime.run(`return (await fetch('${base}/')).status`, { capabilities: [`net:G*:127.*`] });
    expect(granted.returnValue).toBe(200);
    await using closed = await createRuntime({ cacheDir: false, maxInstances: 1 });
    expect((await closed.run('return await fetch("https://a.b/")', ALL)).error).toMatchObject({
      code: 'PERMISSION_DENIED',
    });
  });

  it('can give up: by a signal, a time-out, or because it has ended', async () => {
    await using runtime = await createRuntime(options());
    const failure = (code: string) =>
      runtime.run(`try { await (${code}) } catch (error) { return [error.name, error.code ?? error.message] }`, ALL);
    expect((await failure(`fetch('${base}/slow', { signal: AbortSignal.timeout(5) })`)).returnValue).toEqual([
      'TimeoutError',
      23,
    ]);
    const late = await failure(
      `(() => { const c = new AbortController(); setTimeout(() => c.abort(new Error('enough')), 1); return fetch('${base}/slow', { signal: c.signal }) })()`,
    );
    expect(late.returnValue).toEqual(['Error', 'enough']);
    const raced = await runtime.run(`return Promise.race([fetch('${base}/slow'), $sleep(1).then(() => 'late')])`, ALL);
    expect(raced).toMatchObject({ status: 'success', returnValue: 'late' });
    expect(raced.unawaitedCalls).toBeUndefined();
    const executed = await runtime.executeHandler(
      `return Promise.race([fetch('${base}/slow'), $sleep(1).then(() => 'late')])`,
      ALL,
    );
    expect(await runtime.resumeHandler(executed.suspension?.suspensionId ?? '')).toMatchObject({ returnValue: 'late' });
    await using impatient = await createRuntime(options({ timeoutMs: 20 }));
    const timedOut = await impatient.run(`return fetch('${base}/slow')`, ALL);
    expect(timedOut.error).toMatchObject({ name: 'TypeError', fields: { code: 'TIMEOUT' } });
    const controller = new AbortController();
    const waiting = await runtime.executeHandler(`return fetch('${base}/slow')`, ALL);
    const resumed = runtime.resumeHandler(waiting.suspension?.suspensionId ?? '', [], { signal: controller.signal });
    controller.abort();
    expect((await resumed).error).toMatchObject({ code: 'CANCELLED' });
    const bounded = await runtime.resumeHandler(waiting.suspension?.suspensionId ?? '', [], { deadlineMs: 30 });
    expect(bounded.error).toMatchObject({ code: 'TIMEOUT' });
  });

  it('does not wait for AbortSignal.timeout when it has returned', async () => {
    await using runtime = await createRuntime(options());
    const result = await runtime.executeHandler(
      'const signal = AbortSignal.timeout(60_000); return signal.aborted',
      ALL,
    );
    expect(result).toMatchObject({ status: 'success', returnValue: false });
  });

  it('makes at most eight at a time, and all of them', async () => {
    let most = 0;
    let now = 0;
    const fetch = async (request: Request) => {
      most = Math.max(most, ++now);
      await new Promise(setImmediate);
      now--;
      return new Response(request.url.slice(-2));
    };
    await using runtime = await createRuntime(options({ fetch }));
    const code = `return Promise.all(Array.from({ length: 30 }, async (_, i) => (await fetch('${base}/' + (10 + i))).text()))`;
    const expected = Array.from({ length: 30 }, (_, i) => String(10 + i));
    expect((await runtime.run(code, ALL)).returnValue).toEqual(expected);
    expect((await execute(runtime, code)).returnValue).toEqual(expected);
    expect(most).toBe(8);
  });

  it('is left for another process when the runtime is shut down meanwhile', async () => {
    const suspensionDir = await mkdtemp(join(tmpdir(), 'nexus-closing-'));
    const first = await createRuntime({ ...options(), suspensionDir });
    const code = `return (await fetch('${base}/' + ($args ?? 'slow'))).status`;
    const { suspension } = await first.executeHandler(code, ALL);
    const asked = seen.length;
    const resumed = first.resumeHandler(suspension?.suspensionId ?? '').catch((error: unknown) => error);
    await vi.waitFor(() => expect(seen.length).toBeGreaterThan(asked), 10_000);
    await first.shutdown({ drainTimeoutMs: 0 });
    expect(await resumed).not.toMatchObject({ status: 'success' });
    await using second = await createRuntime({ ...options({ timeoutMs: 30 }), suspensionDir });
    const end = await second.resumeHandler(suspension?.suspensionId ?? '');
    expect(end.error).toMatchObject({ fields: { code: 'TIMEOUT' } });
  });

  it('counts requests as calls of a run', async () => {
    await using runtime = await createRuntime(options());
    const code = `for (;;) await fetch('${base}/')`;
    expect((await runtime.run(code, ALL, { maxCalls: 3 })).error).toMatchObject({ context: { limit: 'maxCalls' } });
  });

  it('cannot pass what would not fit into the envelope', async () => {
    await using runtime = await createRuntime(options({ maxRequestBytes: 4_000_000 }));
    const code = `
      const body = new Uint8Array(2_000_000);
      const all = await Promise.allSettled(Array.from({ length: 3 }, () => fetch('${base}/big', { method: 'POST', body })));
      return all.map((each) => each.value?.status ?? each.reason.code)`;
    expect((await execute(runtime, code)).returnValue).toEqual([200, 200, 'REQUEST_TOO_LARGE']);
  });
});

describe('a secret', () => {
  it('is in no result, log, recording, envelope, error, and not in the memory of the VM', async () => {
    const found: string[] = [];
    const look = (where: string, bytes: Uint8Array | string) => {
      const content =
        typeof bytes === 'string' ? Buffer.from(bytes) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      // The engine keeps texts with a byte or with two for each character.
      for (const encoding of ['utf8', 'utf16le'] as const)
        if (content.includes(Buffer.from(SECRET, encoding))) found.push(where);
      return content;
    };
    const open = vi.spyOn(RunPlaces.prototype, 'open');
    const snapshots: Uint8Array[] = [];
    open.mockImplementation(() => ({
      take: (run) => {
        snapshots.push(run.snapshot);
        return undefined;
      },
      release: () => {},
    }));
    const directory = await mkdtemp(join(tmpdir(), 'nexus-secret-'));
    const suspensionDir = join(directory, 'suspended');
    const told: unknown[] = [];
    const observer = {
      onAudit: (event: unknown) => void told.push(event),
      onLog: (event: unknown) => void told.push(event),
      onWarning: (event: unknown) => void told.push(event),
    };
    const code = `
      const headers = { authorization: 'Bearer {{secret:KEY}}' };
      const response = await fetch('${base}/echo', { method: 'POST', body: 'marker-of-the-body', headers });
      const text = await response.clone().text();
      $log(text, [...response.headers]);
      $state.text = text;
      await $sleep(1);
      const failed = await fetch('${base}/', { headers: { authorization: '{{secret:KEY}}', host: 'x' } }).catch((error) => [error.message, error.stack]);
      await $sleep(1);
      return [text, failed];`;
    try {
      await using runtime = await createRuntime({ ...options(), suspensionDir, observer });
      const recorded = await record(runtime, { directory: join(directory, 'recorded') });
      const ran = await recorded.run(code, ALL);
      await recorded.recordingsWritten();
      expect(ran).toMatchObject({ status: 'success' });
      look('the result', JSON.stringify(ran));
      let result = await runtime.executeHandler(code, ALL);
      while (result.suspension !== undefined) {
        look('a result', JSON.stringify(result));
        const next: WasmResult | undefined = await runtime
          .resumeHandler(result.suspension.suspensionId)
          .catch(async () => {
            await new Promise(setImmediate);
            return undefined;
          });
        result = next ?? result;
      }
      look('the last result', JSON.stringify(result));
      look('what observers are told', JSON.stringify(told));
      // The search finds what is there.
      const memory = Buffer.concat(snapshots.map((snapshot) => look('the memory of the VM', snapshot)));
      expect(memory.includes('marker-of-the-body')).toBe(true);
      expect(memory.includes('{{secret:KEY}}')).toBe(true);
      let files = 0;
      for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        files++;
        look(entry.name, await readFile(join(entry.parentPath, entry.name)));
      }
      expect(files).toBeGreaterThan(3);
    } finally {
      open.mockRestore();
    }
    expect(seen.some((line) => line.endsWith(`Bearer ${SECRET}`))).toBe(true);
    expect(found).toEqual([]);
  });
});

describe('the test kit', () => {
  const code =
    'const response = await fetch("https://api.example.com/x", { method: "PUT", body: "b" }); return [response.status, await response.text()]';

  it('answers requests with a mock', async () => {
    const fetch = async (request: Request) =>
      new Response(`${request.method} ${request.url} ${await request.text()}`, { status: 201 });
    expect((await runHandler(code, { fetch })).returnValue).toEqual([201, 'PUT https://api.example.com/x b']);
    expect((await runHandler(code, { fetch, capabilities: 'inferred' })).status).toBe('success');
    const step = await suspendAt(`const r = await fetch('https://a.b/'); return $ext.a.b(await r.text())`, { fetch });
    expect(step.waitingFor[0]?.args).toEqual(['GET https://a.b/ ']);
    expect(await step.resumeWith(3)).toMatchObject({ returnValue: 3 });
  });

  it('has no network without a mock', async () => {
    expect((await runHandler(code)).error).toMatchObject({
      code: 'PERMISSION_DENIED',
      context: { option: 'network.allow' },
    });
    expect(await rejection(runHandler(code, { fetch: 5 as never }))).toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  it('replays requests without the network', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'nexus-recorded-'));
    await using runtime = await createRuntime(options());
    const recorded = await record(runtime, { directory });
    const handler = `const [a] = await Promise.all([fetch('${base}/r'), $sleep(2), $ext.x.y()]); return (await a.json()).path + Date.now()`;
    await recorded.run(handler, ALL, { extensions: { x: { y: () => 1 } } });
    let result = await recorded.executeHandler(handler, ALL);
    result = await recorded.resumeHandler(result.suspension?.suspensionId ?? '', { success: true, value: 1 });
    while (result.suspension !== undefined) {
      const next: WasmResult | undefined = await recorded
        .resumeHandler(result.suspension.suspensionId)
        .catch(async () => {
          await new Promise(setImmediate);
          return undefined;
        });
      result = next ?? result;
    }
    await recorded.recordingsWritten();
    const before = seen.length;
    const files = await readdir(directory);
    expect(files).toHaveLength(2);
    for (const file of files) {
      const { same, report } = await replay(join(directory, file));
      expect(report).toContain('the same');
      expect(same).toBe(true);
    }
    expect(seen).toHaveLength(before);
  });
});
