import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rename, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { createRuntime, type HandlerSet, type NexusRuntime } from 'nexus-runtime';
import { buildHandlers } from 'nexus-runtime/build';
import { createServer, type Listening, type NexusServer, type ServerLogEntry } from 'nexus-runtime/server';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

/** What may be done to an artifact while its build is served. */
const CHANGES: Readonly<Record<string, (file: string, other: string) => Promise<void>>> = {
  truncated: (file) => truncate(file, 40),
  emptied: (file) => truncate(file, 0),
  edited: async (file) => {
    const bytes = await readFile(file);
    const at = bytes.length - 40;
    bytes.writeUInt8(bytes.readUInt8(at) ^ 1, at);
    await writeFile(file, bytes);
  },
  'that of another handler': async (file, other) => writeFile(file, await readFile(other)),
  removed: (file) => rm(file),
  'a pipe that nobody writes': async (file) => {
    await rm(file);
    await promisify(execFile)('mkfifo', [file]);
  },
  'a folder': async (file) => {
    await rm(file);
    await mkdir(file);
  },
};
const NAMES = Object.keys(CHANGES).map((_, index) => `h${index}`);

let directory: string;
let runtime: NexusRuntime;
let handlers: HandlerSet;
let server: NexusServer;
let listening: Listening;
const log: ServerLogEntry[] = [];

async function call(name: string) {
  const response = await fetch(`${listening.url}/handlers/${name}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  return { status: response.status, text: await response.text() };
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-builds-'));
  for (const name of ['good', ...NAMES])
    await writeFile(join(directory, `${name}.js`), `export default () => ${JSON.stringify(name)}`);
  await buildHandlers({ root: directory, include: '*.js', outDir: 'out', lock: false });
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  handlers = await runtime.load(join(directory, 'out/manifest.json'));
  server = createServer({ runtime, handlers, log: (entry) => log.push(entry) });
  listening = await server.listen({ port: 0 });
}, 120_000);

afterAll(async () => {
  await server.close();
  await runtime.shutdown();
  await rm(directory, { recursive: true, force: true });
});

describe('a build that is changed while it is served', () => {
  const place = (name: string) => join(directory, 'out', handlers.handlers[name]?.file ?? '');

  it.each(
    Object.keys(CHANGES).map((change, index) => [change, NAMES[index] ?? ''] as const),
  )('an artifact that is %s is a fault of the server, until it is back', async (change, name) => {
    const kept = await readFile(place(name));
    await CHANGES[change]?.(place(name), place('good'));
    log.length = 0;
    const refused = await call(name);
    expect(refused.status).toBe(500);
    expect(JSON.parse(refused.text)).toMatchObject({ code: 'INTERNAL_ERROR' });
    expect(refused.text).not.toContain(directory);
    const fault = log.find(({ msg }) => msg === 'request failed');
    expect(fault?.err?.message).toContain(handlers.handlers[name]?.file);
    expect(fault?.err?.message).toContain('Build the handlers again');
    expect((await call('good')).status).toBe(200);

    await rm(place(name), { recursive: true, force: true });
    await writeFile(`${place(name)}.new`, kept);
    await rename(`${place(name)}.new`, place(name));
    expect(JSON.parse((await call(name)).text)).toMatchObject({ status: 'success', returnValue: name });
  });

  it('a handler that was called before goes on as it was', async () => {
    expect((await call('good')).status).toBe(200);
    await truncate(place('good'), 0);
    expect(JSON.parse((await call('good')).text)).toMatchObject({ returnValue: 'good' });
  });
});
