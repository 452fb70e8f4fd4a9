import { beforeAll, describe, expect, it } from 'vitest';
import { decodeValue } from '#src/codec/values/decoding/decode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureImage, type Image } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import type { Vm } from '#src/engine/vm.js';
import type { Executor } from '#src/worker/executor.js';
import { createExecutor, runInThread } from '../../support/executor.js';
import { FORMS } from './forms.js';
import { probe, WINDOWS, WRITTEN } from './windows.js';

/** What the programs see does not depend on how busy the machine is. */
const PATIENT = { timeoutMs: 60_000 };

let executor: Executor;

beforeAll(async () => {
  executor = await createExecutor();
});

describe('no window opens on memory that is not the program’s own', () => {
  it('is tried in at least 60 ways, all of them different', () => {
    expect(new Set(WINDOWS.map(({ body }) => body)).size).toBeGreaterThanOrEqual(60);
    expect(new Set(WINDOWS.map(({ title }) => title)).size).toBe(WINDOWS.length);
  });

  for (const window of WINDOWS) {
    it(window.title, async () => {
      for (const { name, source, times } of FORMS) {
        for (let i = 0; i < times; i++) {
          const { status, returnValue, error } = await runInThread(executor, source(probe(window)), undefined, PATIENT);
          expect([name, status, returnValue, error]).toEqual([name, 'success', [], undefined]);
        }
      }
    }, 90_000);
  }
});

describe('the probe', () => {
  /** The engine without its prelude: the fault of the typed arrays is in there still. */
  let vm: Vm;
  let pristine: Image;
  let compiler: SourceCompiler;

  beforeAll(async () => {
    const engine = await loadEngine();
    const limits = { memoryLimitBytes: 32 * 1024 * 1024, stackSizeBytes: 128 * 1024 };
    vm = await createExecutionVm(engine, limits);
    pristine = captureImage(vm);
    compiler = await SourceCompiler.create(engine, limits.stackSizeBytes);
  });

  async function runUnprotected(source: string): Promise<unknown> {
    const compiled = await compiler.compile(`(() => {${source}})()`, 'probe.js');
    if (!compiled.ok) throw new Error(compiled.problem.message);
    restoreImage(vm, pristine);
    return decodeValue(vm.writeValue(vm.evaluateBytecode(compiled.bytecode)));
  }

  it('sees the window that a lost buffer opens where nothing keeps it', async () => {
    const window = WINDOWS.find(({ title }) => title.startsWith('Uint8Array: a new target'));
    expect(window).toBeDefined();
    if (window !== undefined) expect(await runUnprotected(probe(window))).not.toEqual([]);
    // It wrote to where memory begins.
    expect(vm.heap.subarray(0, 96).includes(WRITTEN)).toBe(true);
  });
});
