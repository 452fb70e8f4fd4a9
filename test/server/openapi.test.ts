import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { createClient } from '@hey-api/openapi-ts';
import { Validator } from '@seriousme/openapi-schema-validator';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Serving, TOKENS } from './support/serving.js';

let serving: Serving;
let directory: string;
// biome-ignore lint/suspicious/noExplicitAny: the description is JSON
let document: any;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'nexus-openapi-'));
  serving = await Serving.start({ tokens: TOKENS });
  ({ body: document } = await serving.get('/openapi.json'));
});

afterAll(async () => {
  await serving[Symbol.asyncDispose]();
  await rm(directory, { recursive: true, force: true });
});

describe('GET /openapi.json', () => {
  it('is valid OpenAPI 3.1', async () => {
    const validator = new Validator();
    const { valid, errors } = await validator.validate(structuredClone(document));
    expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
    expect(validator.version).toBe('3.1');
  });

  it('describes every route that there is, and none that is not', async () => {
    for (const [path, operations] of Object.entries(document.paths) as [string, object][]) {
      const concrete = path.replace(/\{\w+\}/g, 'x');
      const allowed = (await serving.send('PUT', concrete)).headers.get('allow');
      expect([path, allowed?.split(', ').sort()]).toEqual([
        path,
        Object.keys(operations)
          .map((method) => method.toUpperCase())
          .sort(),
      ]);
    }
  });

  it('results and problems of the server are as it says', async () => {
    const { SCHEMAS } = { SCHEMAS: document.components.schemas };
    const { jsonSchema } = await import('nexus-runtime');
    const { body: result } = await serving.post('/execute', { code: "$log('x'); return new Map()" }, TOKENS[0]?.token);
    const { body: problem } = await serving.post('/execute', { cod: 1 }, TOKENS[0]?.token);
    for (const [name, value] of [
      ['Result', result],
      ['Problem', problem],
    ] as const) {
      const schema = jsonSchema({ $ref: `#/components/schemas/${name}`, components: { schemas: SCHEMAS } } as never);
      const checked = await schema['~standard'].validate(value);
      expect([name, 'issues' in checked ? checked.issues : undefined]).toEqual([name, undefined]);
    }
  });

  it('a client that is generated from it works', async () => {
    const input = join(directory, 'openapi.json');
    await writeFile(input, JSON.stringify(document));
    await createClient({
      input,
      output: { path: join(directory, 'client') },
      plugins: ['@hey-api/client-fetch', '@hey-api/sdk'],
      logs: { level: 'silent' },
    });
    const outfile = join(directory, 'client.mjs');
    await build({
      entryPoints: [join(directory, 'client/index.ts'), join(directory, 'client/client.gen.ts')],
      outdir: join(directory, 'js'),
      outExtension: { '.js': '.mjs' },
      bundle: true,
      splitting: true,
      format: 'esm',
      platform: 'node',
    });
    void outfile;
    const sdk = await import(pathToFileURL(join(directory, 'js/index.mjs')).href);
    const { client } = await import(pathToFileURL(join(directory, 'js/client.gen.mjs')).href);
    client.setConfig({ baseUrl: serving.url, auth: TOKENS[0]?.token });
    const executed = await sdk.execute({ body: { code: 'return $args * 2', context: { args: 21 } } });
    expect(executed.data).toMatchObject({ status: 'success', returnValue: 42 });
    const refused = await sdk.execute({ body: { code: 1 } });
    expect(refused.error).toMatchObject({ status: 422, code: 'INVALID_ARGUMENT', field: 'code' });
    expect((await sdk.precompile({ body: { code: 'return 1' } })).data.artifact).toMatch(/^TlhRS/);
    expect((await sdk.health()).data).toEqual({ status: 'ok' });
  });
});
