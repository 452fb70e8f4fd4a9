import { mkdtempSync } from 'node:fs';
import { readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';

import { createRuntime, type NexusRuntime, type RuntimeOptions, type SuspensionStore } from '#src/index.js';
import { openImage, sealImage } from '#src/suspension/images/image-envelope.js';
import { imageIdOf } from '#src/suspension/images/image-ids.js';
import { UNUSED_AFTER_MS, unusedImages } from '#src/suspension/images/unused-images.js';
import { MemoryStore } from '#src/suspension/memory-store.js';
import { envelopeKeys } from '#src/suspension/sealed/envelope-keys.js';
import { idOf, makeOutcome, makeSuspension } from '#src/testing/store/samples.js';
import { answer, rejection, suspensionOf } from '../resume-helpers.js';

const SECRET = 'a secret of at least 16 bytes';
const OPTIONS = { cacheDir: false, maxInstances: 1, metrics: false, suspensionSecret: SECRET } as const;
const OTHER = { libraries: { other: { source: 'var other = { f: () => "other" };' } } };
const CODE = 'const x = await $ext.a.b(); return [x, typeof $lib.other]';
const CONTEXT = { capabilities: ['ext:a.b'] };

const opened: NexusRuntime[] = [];
const folders: string[] = [];
const open = async (options: RuntimeOptions) => {
  const runtime = await createRuntime({ ...OPTIONS, ...options });
  opened.push(runtime);
  return runtime;
};
const folder = () => {
  const made = mkdtempSync(join(tmpdir(), 'nexus-images-'));
  folders.push(made);
  return made;
};
afterEach(async () => {
  for (const runtime of opened.splice(0)) await runtime.shutdown();
  for (const one of folders.splice(0)) await rm(one, { recursive: true, force: true });
});

const imagesIn = async (directory: string) => {
  const [version] = await readdir(directory);
  return join(directory, version as string, 'images');
};
const suspend = async (runtime: NexusRuntime) => suspensionOf(await runtime.executeHandler(CODE, CONTEXT)).suspensionId;

describe('the image of a deployment', () => {
  it('is in the store before anything waits on it, once, whoever suspends', async () => {
    const suspensionDir = folder();
    const first = await open({ suspensionDir });
    const id = await suspend(first);
    const at = await imagesIn(suspensionDir);
    expect(await readdir(at)).toEqual([`${first.deployment}.image`]);
    const { mtimeMs } = await stat(join(at, `${first.deployment}.image`));
    const second = await open({ suspensionDir });
    await suspend(second);
    expect(await readdir(at)).toEqual([`${first.deployment}.image`]);
    expect((await stat(join(at, `${first.deployment}.image`))).mtimeMs).toBe(mtimeMs);
    // Each is resumed without it by who has the same.
    await rm(at, { recursive: true });
    expect((await second.resumeHandler(id, answer(1))).returnValue).toEqual([1, 'undefined']);
  });

  it('is put again by who suspends, when it was put an hour ago or is gone', async () => {
    const suspensionDir = folder();
    await suspend(await open({ suspensionDir }));
    const at = await imagesIn(suspensionDir);
    const [name] = await readdir(at);
    const path = join(at, name as string);
    const longAgo = new Date(Date.now() - 7_200_000);
    await utimes(path, longAgo, longAgo);
    await suspend(await open({ suspensionDir }));
    expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 600_000);
    await rm(path);
    await suspend(await open({ suspensionDir }));
    expect((await stat(path)).size).toBeGreaterThan(10_000);
  });

  it('lets a run begun there go on with other libraries and back, and each step stays with its own', async () => {
    const suspensionDir = folder();
    const options = { suspensionDir, leaseMs: 1_000 };
    const code = `
      const seen = [];
      for (const name of ['one', 'two', 'three']) seen.push(await $ext.s.get(name), typeof $lib.other);
      return seen;
    `;
    const runIds = ['a', 'b', 'c'];
    const first = await open(options);
    for (const runId of runIds) await first.start(code, { capabilities: ['ext:s.get'] }, { runId });
    const ready = async (on: NexusRuntime, step: number) => {
      for (const runId of runIds) {
        const run = on.getRun(runId);
        await expect.poll(async () => (await run.describe()).calls[0]?.callId, { timeout: 30_000 }).toBe(`c${step}`);
        await on.completeCall(`${runId}:c${step}`, { success: true, value: step });
      }
    };
    const begin = await first.work();
    await ready(first, 1);
    await begin.close();
    const second = await open({ ...options, ...OTHER });
    expect(await second.deployments()).toEqual([second.deployment, first.deployment]);
    const go = await second.work();
    await ready(second, 2);
    await go.close();
    const third = await open(options);
    await using _worker = await third.work();
    await ready(third, 3);
    for (const runId of runIds) {
      const { returnValue } = await third.getRun(runId).result({ timeoutMs: 30_000 });
      expect(returnValue).toEqual([1, 'undefined', 2, 'undefined', 3, 'undefined']);
      expect((await third.getRun(runId).describe()).deployment).toBe(first.deployment);
    }
  });

  it('is put again by another deployment that goes on on it, sealed with the first of its secrets', async () => {
    const suspensionDir = folder();
    const first = await open({ suspensionDir });
    const two = 'const x = await $ext.a.b(); return [x, await $ext.a.b()]';
    const { suspensionId } = suspensionOf(await first.executeHandler(two, CONTEXT));
    const path = join(await imagesIn(suspensionDir), `${first.deployment}.image`);
    const longAgo = new Date(Date.now() - 7_200_000);
    await utimes(path, longAgo, longAgo);
    const rotated = 'the secret after a rotation';
    const second = await open({ suspensionDir, ...OTHER, suspensionSecret: [rotated, SECRET] });
    const next = suspensionOf(await second.resumeHandler(suspensionId, answer(1)));
    expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.now() - 600_000);
    const third = await open({ suspensionDir, ...OTHER, suspensionSecret: rotated });
    expect((await third.resumeHandler(next.suspensionId, answer(2))).returnValue).toEqual([1, 2]);
  });

  it('is deleted by a sweep when it is that of others and nothing needs it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
    try {
      const suspensionDir = folder();
      const first = await open({ suspensionDir });
      const id = await suspend(first);
      const second = await open({ suspensionDir, ...OTHER });
      const at = await imagesIn(suspensionDir);
      const until = async (names: readonly string[]) => {
        const wanted = names.toSorted().join();
        const deadline = performance.now() + 20_000;
        let found = '';
        while (found !== wanted && performance.now() < deadline) {
          vi.advanceTimersByTime(60_000);
          await new Promise((resolve) => setImmediate(resolve));
          found = (await readdir(at)).sort().join();
        }
        expect(found).toBe(wanted);
      };
      const ofBoth = [first.deployment, second.deployment].map((deployment) => `${deployment}.image`);
      await suspend(second);
      await until(ofBoth);
      await first.shutdown();
      await second.cancelSuspension(id);
      vi.setSystemTime(Date.now() + UNUSED_AFTER_MS);
      await until(ofBoth.slice(1));
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['a bit was flipped in it', (bytes: Buffer) => ((bytes[bytes.length >> 1] as number) ^= 1)],
    ['it is cut', (bytes: Buffer) => bytes.subarray(0, 100)],
    ['it is empty', () => Buffer.alloc(0)],
    ['it is something else', () => Buffer.alloc(5_000, 'something else')],
  ])('is refused by its name if %s, and what waits on it is untouched', async (_, damage) => {
    const suspensionDir = folder();
    const first = await open({ suspensionDir });
    const id = await suspend(first);
    const path = join(await imagesIn(suspensionDir), `${first.deployment}.image`);
    const whole = await readFile(path);
    const bytes = Buffer.from(whole);
    const damaged = damage(bytes);
    await writeFile(path, typeof damaged === 'number' ? bytes : damaged);
    const later = await open({ suspensionDir, ...OTHER });
    const error = await rejection(later.resumeHandler(id, answer(1)));
    expect(error).toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'image', image: first.deployment },
    });
    expect(error.message).toMatch(/kept, untouched.*put back a copy of the image/);
    expect((await later.inspectSuspension(id))?.state).toBe('suspended');
    expect(await later.deployments()).toEqual([later.deployment]);
    await writeFile(path, whole);
    const again = await open({ suspensionDir, ...OTHER });
    expect((await again.resumeHandler(id, answer(1))).returnValue).toEqual([1, 'undefined']);
  });

  it('of another engine, or an ABI that is not spoken, is not used, nor what waits on it claimed', async () => {
    const store = new MemoryStore();
    const keys = await envelopeKeys([Buffer.from(SECRET)], async () => Buffer.alloc(32));
    const runtime = await open({ suspensionStore: store });
    const id = await suspend(runtime);
    const { deployment } = runtime;
    const { header } = await openImage(deployment, (await store.images.get(deployment)) as Uint8Array, keys);
    const later = await open({ suspensionStore: store, ...OTHER });
    for (const [part, said] of [
      [{ engine: 'another' }, /is of engine another/],
      [{ abi: 3 }, /has ABI 3, while this version of the library speaks 7, 8/],
    ] as const) {
      const sealed = await sealImage(deployment, { ...header, ...part }, Buffer.from('nothing'), keys);
      await store.images.put(deployment, sealed, Date.now());
      const refusing = await open({ suspensionStore: store, ...OTHER });
      expect((await rejection(refusing.resumeHandler(id, answer(1)))).message).toMatch(said);
      expect(await refusing.deployments()).toEqual([refusing.deployment]);
    }
    const claim = await store.claim(id, { owner: 'x', leaseUntilMs: Date.now() }, Date.now());
    expect(claim).toMatchObject({ kind: 'claimed', fence: 1 });
    expect(later.deployment).not.toBe(deployment);
  });

  it('under a seal of ours that is no image is refused by the worker', async () => {
    const store = new MemoryStore();
    const keys = await envelopeKeys([Buffer.from(SECRET)], async () => Buffer.alloc(32));
    const runtime = await open({ suspensionStore: store });
    const id = await suspend(runtime);
    const { deployment } = runtime;
    const { header } = await openImage(deployment, (await store.images.get(deployment)) as Uint8Array, keys);
    const sealed = await sealImage(deployment, header, Buffer.from('no image'), keys);
    await store.images.put(deployment, sealed, Date.now());
    const later = await open({ suspensionStore: store, ...OTHER });
    const error = await rejection(later.resumeHandler(id, answer(1)));
    expect(error).toMatchObject({ code: 'SUSPENSION_INCOMPATIBLE', context: { problem: 'image', image: deployment } });
    expect((await store.read(id))?.state).toBe('suspended');
  });

  it('opens under its own id only, and with a secret that is known', async () => {
    const keys = await envelopeKeys([Buffer.from(SECRET)], async () => Buffer.alloc(32));
    const others = await envelopeKeys([Buffer.from('another secret, long enough')], async () => Buffer.alloc(32));
    const sealed = await sealImage('one', { engine: 'e', abi: 8 }, Buffer.from('content'), keys);
    const { header, inflate } = await openImage('one', sealed, keys);
    expect(header).toEqual({ engine: 'e', abi: 8, bytes: 7 });
    expect(Buffer.from(await inflate(7)).toString()).toBe('content');
    await expect(inflate(6)).rejects.toThrow('more than a VM');
    await expect(openImage('two', sealed, keys)).rejects.toThrow('is damaged, or was edited');
    await expect(openImage('one', sealed, others)).rejects.toThrow('suspensionSecret');
  });
});

describe('a store without images', () => {
  /** As a store of an application that knows nothing of them. */
  const without = (store: MemoryStore): SuspensionStore =>
    new Proxy(store, {
      get: (target, name) => {
        if (name === 'images') return undefined;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });

  it('keeps what waits for the same deployment, and says so to others before it is claimed', async () => {
    const memory = new MemoryStore();
    const suspensionStore = without(memory);
    const first = await open({ suspensionStore });
    const id = await suspend(first);
    const later = await open({ suspensionStore, ...OTHER });
    const error = await rejection(later.resumeHandler(id, answer(1)));
    expect(error).toMatchObject({
      code: 'SUSPENSION_INCOMPATIBLE',
      context: { problem: 'image', deployment: first.deployment, suspensionId: id },
    });
    expect(error.message).toContain('this store keeps no images');
    expect((await memory.read(id))?.state).toBe('suspended');
    expect((await (await open({ suspensionStore })).resumeHandler(id, answer(1))).status).toBe('success');
  });

  it('and one that fails to keep them suspends all the same, with a warning', async () => {
    const memory = new MemoryStore();
    const fails = () => Promise.reject(new Error('no room'));
    const images = { list: fails, put: fails, get: fails, delete: fails };
    const suspensionStore = new Proxy(memory, {
      get: (target, name) => {
        if (name === 'images') return images;
        const member: unknown = Reflect.get(target, name, target);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
    const warnings: string[] = [];
    const runtime = await open({
      suspensionStore,
      observer: { onWarning: ({ code, message }) => void warnings.push(`${code} ${message}`) },
    });
    const id = await suspend(runtime);
    await suspend(runtime);
    expect(warnings.filter((one) => one.startsWith('NEXUS_IMAGE'))).toHaveLength(1);
    expect((await runtime.resumeHandler(id, answer(1))).status).toBe('success');
  });
});

describe('images that nothing needs', () => {
  const OWN = 'o'.repeat(16);
  const OLD = 'a'.repeat(16);
  const NOW = 10 * UNUSED_AFTER_MS;
  const unused = async (store: MemoryStore, nowMs = NOW) =>
    (await unusedImages(store, store.images, OWN, nowMs)).map(({ id }) => id);
  const withImages = async (...ids: readonly string[]) => {
    const store = new MemoryStore();
    for (const id of ids) await store.images.put(id, Buffer.from('image'), NOW - UNUSED_AFTER_MS);
    return store;
  };
  const far = 100 * NOW;

  it('are those of other deployments that nobody put for a day, and on which nothing waits', async () => {
    const store = await withImages(OWN, OLD, imageIdOf(OLD, 'a set'), imageIdOf(OWN, 'a set'));
    expect((await unused(store)).sort()).toEqual([OLD, imageIdOf(OLD, 'a set')].sort());
    expect(await unused(store, NOW - 1)).toEqual([]);
    await store.images.put(OLD, Buffer.from('image'), NOW - 1);
    expect(await unused(store)).toEqual([imageIdOf(OLD, 'a set')]);
  });

  it('are none while something of their deployment waits, and again when it has ended', async () => {
    const store = await withImages(OLD);
    const waiting = { ...makeSuspension(idOf('waits'), { expiresAtMs: far }), deployment: OLD };
    await store.put({ ...makeSuspension(idOf('other'), { expiresAtMs: far }), deployment: OWN });
    await store.put(waiting);
    expect(await unused(store)).toEqual([]);
    await store.settle(waiting.id, undefined, makeOutcome('cancelled'));
    expect(await unused(store)).toEqual([OLD]);
  });

  it('are none while something waits that does not say on which', async () => {
    const store = await withImages(OLD);
    await store.put(makeSuspension(idOf('waits'), { expiresAtMs: far }));
    expect(await unused(store)).toEqual([]);
  });

  it('are found behind many pages of others', async () => {
    const store = await withImages(OLD);
    for (let i = 0; i < 2_500; i++) {
      await store.put({ ...makeSuspension(idOf(`run ${i}`), { expiresAtMs: far }), deployment: OWN });
    }
    expect(await unused(store)).toEqual([OLD]);
    await store.put({ ...makeSuspension('_______________________zz'.slice(0, 22).concat('.1')), deployment: OLD });
    expect(await unused(store)).toEqual([]);
  });
});
