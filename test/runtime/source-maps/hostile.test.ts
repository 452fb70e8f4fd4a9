import { createHash } from 'node:crypto';
import { deflateRawSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openArtifact, sealArtifact } from '#src/cache/artifact.js';
import { createRuntime, type NexusRuntime } from '#src/index.js';
import { mapOf } from '../../source/source-map/maps.js';

const MIB = 1024 ** 2;
const SOURCE = 'const a = 1;\nthrow new Error("x");\n';
/** Where the text that was compiled has it. */
const COMPILED = { location: { line: 2, column: 16 }, snippet: expect.stringContaining('2 | throw new Error("x");') };

let runtime: NexusRuntime;
let fingerprint: string;
beforeAll(async () => {
  runtime = await createRuntime({ cacheDir: false, maxInstances: 1 });
  fingerprint = runtime.inner.engine;
});
afterAll(() => runtime.shutdown());

const inline = (json: string | Uint8Array) =>
  `${SOURCE}//# sourceMappingURL=data:application/json;base64,${Buffer.from(json).toString('base64')}`;

describe('a hostile source map at the end of a source', () => {
  it.each([
    ['nothing', ''],
    ['depth', '['.repeat(MIB)],
    ['brackets without end', `{"version":3,"sources":["a"],"x":[${'[],'.repeat(MIB / 3)}[]],"mappings":"AA"}`],
    ['mappings without a file', mapOf({ sources: [] })],
    ['places outside of every file', mapOf({ sourcesContent: ['x'], mappings: ';AAgCA' })],
    ['mappings that only move on', mapOf({ mappings: ';'.repeat(MIB) })],
    ['bytes that are no text', Buffer.alloc(1_000, 0xff)],
  ])('is as none: %s', async (_what, json) => {
    const { error } = await runtime.executeHandler(inline(json));
    expect(error).toMatchObject(COMPILED);
  });

  it('tells names that do no harm', async () => {
    const sources = ['\n    at forged (/etc/passwd:1:1)\u001b[2J'];
    const { error } = await runtime.executeHandler(inline(mapOf({ sources, mappings: 'AAAA;AAAA' })));
    expect(error?.location?.file).toBe('    at forged (/etc/passwd:1:1)[2J');
    expect(error?.stack?.split('\n')).toHaveLength(2);
  });

  it('is read within bounds, however many places are asked for', async () => {
    // Every frame of every error is in another file, each of which has a long text.
    const frames = Array.from(
      { length: 20 },
      (_, i) => `function f${i}(n) { return n ? f${(i + 1) % 20}(n - 1) : fail(); }`,
    );
    const code = [
      ...frames,
      'function fail() { throw new Error("deep"); }',
      'const errors = Array.from({ length: 20 }, () => { try { f0(18); } catch (e) { return e; } });',
      'throw new AggregateError(errors);',
    ].join('\n');
    const sources = Array.from({ length: 23 }, (_, i) => `${i}.js`);
    const sourcesContent = sources.map((_, i) => `${i}\n`.repeat(100_000));
    const json = mapOf({
      sources,
      sourcesContent,
      mappings: sources.map((_, i) => (i === 0 ? 'AAAA' : 'ACAA')).join(';'),
    });
    const { error } = await runtime.executeHandler(
      `${code}\n//# sourceMappingURL=data:application/json;base64,${Buffer.from(json).toString('base64')}`,
    );
    expect(error?.location?.file).toBe('22.js');
    expect(error?.errors?.[0]?.location?.file).toBe('20.js');
  });
});

describe('a hostile source map in an artifact', () => {
  const digestOf = (deflated: Uint8Array) => createHash('sha256').update(deflated).digest('hex');
  it.each([
    ['nothing', new Uint8Array(1)],
    ['bytes that were not deflated', mapOf()],
    ['bytes that inflate to more than any map has', deflateRawSync(Buffer.alloc(100 * MIB, 0x20))],
    ['JSON that is none', deflateRawSync('x')],
  ])('is as none: %s', async (_what, deflated) => {
    const { header, content } = openArtifact(await runtime.precompileHandler(SOURCE), fingerprint, []);
    const artifact = sealArtifact(header, content, undefined, { deflated, digest: digestOf(deflated) });
    for (let i = 0; i < 2; i++) expect((await runtime.executeCompiledHandler(artifact)).error).toMatchObject(COMPILED);
  });

  it('is refused if its length and the header do not fit each other', async () => {
    const { header, content } = openArtifact(await runtime.precompileHandler(SOURCE), fingerprint, []);
    const sealed = sealArtifact({ ...header, sourceMapDigest: '0'.repeat(64) } as never, content, undefined);
    await expect(runtime.executeCompiledHandler(sealed)).rejects.toMatchObject({
      code: 'INVALID_ARTIFACT',
      context: { problem: 'length' },
    });
  });
});
