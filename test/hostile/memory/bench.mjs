// One executor as in a worker, but in this thread, so that its memory can be inspected and overwritten.
import { readFile } from 'node:fs/promises';
import { madeFor, memoriesOf } from './memories.mjs';
import { LIBRARY } from './programs.mjs';

const { resolveRuntimeConfig } = await import('../../../build/config/resolve.js');
const { wrapHandler } = await import('../../../build/source/wrapper.js');
const { ALL_FEATURES, featureSet, NO_FEATURES } = await import('../../../build/engine/image/features.js');
const { loadEngine } = await import('../../../build/engine/load-engine.js');
const { decodePreludeImage } = await import('../../../build/engine/image/prelude-image.js');
const { encodeAnswers } = await import('../../../build/execution/request/answers.js');
const { BUILDER_MEMORY_BYTES } = await import('../../../build/engine/vm/scripts.js');
const { prepareRequest } = await import('../../../build/execution/request/build-request.js');
const { PreparedValues } = await import('../../../build/execution/prepared/prepared-values.js');
const { Executor } = await import('../../../build/worker/executor.js');
const { NO_USAGE } = await import('../../../build/execution/usage.js');

const MIB = 1024 * 1024;
const CAPABILITIES = ['state:read:*', 'state:write:*', 'events:emit:*', 'ext:note.*'];
const FIXED = { now: 1_700_000_000_000, seed: 7 };
const config = resolveRuntimeConfig({ memoryLimitBytes: 8 * MIB, timeoutMs: 60 });
const engine = await loadEngine();
const prelude = decodePreludeImage(
  await readFile(new URL('../../../build/guest/prelude.image', import.meta.url)),
  engine.fingerprint,
);

/** What sources find that name it. */
const prepared = new PreparedValues(64 * MIB);
const table = await prepared.prepare({
  name: 'prepared table',
  bytes: new Uint8Array(512).fill(7),
  rows: Array.from({ length: 50 }, (_, id) => ({ id, name: `prepared row ${id}` })),
});

export class Bench {
  #executor;
  #compiled = new Map();

  static async open() {
    const { memoryLimitBytes, stackSizeBytes } = config.pool;
    const bench = new Bench();
    const options = { engine, prelude, libraries: [LIBRARY], memoryLimitBytes, stackSizeBytes };
    bench.#executor = await madeFor(bench, () => Executor.create(options));
    return bench;
  }

  async #compile(source) {
    const known = this.#compiled.get(source);
    if (known !== undefined) return known;
    const compiled = await this.#executor.compileScript(wrapHandler(source), 'handler.js');
    if (!compiled.ok) throw new Error(`it does not compile: ${compiled.problem.message}\n${source}`);
    this.#compiled.set(source, compiled.bytecode);
    return compiled.bytecode;
  }

  /** Executes a handler for a tenant, and answers its calls. */
  async run(source, tenant, { answers = 3, capabilities = CAPABILITIES } = {}) {
    const bytecode = await this.#compile(source);
    const context = { stateSnapshot: { a: 1 }, extensionRegistry: { note: ['take'] }, capabilities };
    if (source.includes('$scope.table')) context.scope = { table };
    const { request } = prepareRequest(context, FIXED, { ...config, prepared });
    const { limits } = request;
    let executed = await madeFor(this, () => this.#executor.execute({ ...request, key: source, tenant }, bytecode));
    for (let i = 1; executed.snapshot !== undefined && i <= answers; i++) {
      const { snapshot, imageHash, features } = executed;
      const encoded = encodeAnswers([{ callId: `c${i}`, success: true, value: 'answer' }], NO_USAGE, limits);
      const resumption = {
        key: source,
        tenant,
        snapshot,
        imageHash,
        features,
        answers: encoded,
        limits,
        now: FIXED.now,
        ...(request.prepared && { prepared: request.prepared }),
      };
      executed = await madeFor(this, () => this.#executor.resume(resumption));
    }
    return executed;
  }

  async load(source) {
    await this.#executor.load(source, await this.#compile(source));
  }

  async hashes() {
    const sets = [NO_FEATURES, featureSet('url'), featureSet('crypto', 'clone'), ALL_FEATURES];
    const hashes = [];
    for (const set of sets) hashes.push(await this.#executor.hashImage(set));
    return hashes.join();
  }

  tidy() {
    return madeFor(this, () => this.#executor.tidy(() => false));
  }

  /** Those of its memories that contain the text, except memories in which only images are built. */
  memoriesWith(text) {
    return memoriesOf(this).filter((memory) => memory.length < BUILDER_MEMORY_BYTES && memory.includes(text));
  }
  /** Whether any memory contains the text. Use this one: a caller that holds the memories can keep them from collection. */
  has(text) {
    return this.memoriesWith(text).length > 0;
  }

  /** Whether any memory contains both texts. */
  hasBoth(one, other) {
    return this.memoriesWith(one).some((memory) => memory.includes(other));
  }

  /** Whether any memory that contains the first two texts also contains the third. */
  currentHas(one, two, three) {
    return this.memoriesWith(one).some((memory) => memory.includes(two) && memory.includes(three));
  }

  /**
   * Overwrites every memory that contains the text from start to end, including the allocator and the break pointer, as a
   * guest that can write anywhere could.
   */
  overwrite(text, pattern) {
    for (const memory of this.memoriesWith(text)) memory.fill(pattern);
  }
}
