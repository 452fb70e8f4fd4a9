import { expect } from 'vitest';
import { ArtifactError, openArtifact, sealArtifact } from '#src/cache/artifact.js';
import { ValueEncoder } from '#src/codec/values/encoding/encode.js';
import { createExecutionVm } from '#src/engine/image/base-image.js';
import { captureImage } from '#src/engine/image/image.js';
import { restoreImage } from '#src/engine/image/restore.js';
import { loadEngine } from '#src/engine/load-engine.js';
import { SourceCompiler } from '#src/engine/source-compiler.js';
import { GuestException, VmPoisonedError } from '#src/engine/vm/vm-errors.js';
import { Vm } from '#src/engine/vm.js';

const LIMITS = { memoryLimitBytes: 16 * 1024 * 1024, stackSizeBytes: 128 * 1024 };
const SECRET = Buffer.alloc(32, 1);

/** Checks for advisories that no handler can show, by the first name of the advisory. */
export const CHECKS: Readonly<Record<string, () => Promise<void>>> = {
  async 'bellard/quickjs#528'() {
    const sources = ['{let a = 1;', 'x => ', 'var a;', '[1,', 'f(a.b.c + '].map((part) => part.repeat(2_000_000));
    for (const source of [...sources, `x = ${'"text" + '.repeat(1_000_000)}1`]) {
      const vm = await Vm.create(await loadEngine(), { ...LIMITS, purpose: 'compilation' });
      expect(() => vm.compile(source, 'large.js')).toThrow();
      // If memory runs out, the engine is left at once; too deep nesting is an ordinary error.
      if (vm.heapExhausted) expect(vm.poison).toBeInstanceOf(VmPoisonedError);
    }
  },

  async 'CVE-2026-88378'() {
    const engine = await loadEngine();
    const compiled = await (await SourceCompiler.create(engine, LIMITS.stackSizeBytes)).compile(
      '(function(){ return 1 })',
      'h.js',
    );
    if (!compiled.ok) throw new Error(compiled.problem.message);
    const sealed = seal(compiled.bytecode, engine.fingerprint);
    expect(Buffer.from(openArtifact(sealed, engine.fingerprint, [SECRET]).content)).toEqual(
      Buffer.from(compiled.bytecode),
    );
    for (let at = 0; at < sealed.length; at++) {
      const forged = Uint8Array.from(sealed);
      forged[at] = (forged[at] ?? 0) ^ 0xff;
      expect(() => openArtifact(forged, engine.fingerprint, [SECRET])).toThrow(ArtifactError);
    }
  },

  async 'bellard/quickjs#498'() {
    const engine = await loadEngine();
    const sealed = seal(Uint8Array.of(5, 0), engine.fingerprint);
    // Anyone who forges it without the secret is refused, whatever bytecode it contains.
    expect(() => openArtifact(sealed, engine.fingerprint, [Buffer.alloc(32, 2)])).toThrow(ArtifactError);
  },

  async 'quickjs-ng/quickjs#1321'() {
    const vm = await createExecutionVm(await loadEngine(), LIMITS);
    const pristine = captureImage(vm);
    const ours = new ValueEncoder().encode({ a: [new Uint8Array(4)] }, 'value');
    expect(vm.readValue(ours)).toBeGreaterThan(0);
    for (const crafted of ['0500', '050013ffffff0f', '0500090113ffffff0f']) {
      restoreImage(vm, pristine);
      expect(() => vm.readValue(Buffer.from(crafted, 'hex'))).toThrow(GuestException);
    }
  },

  async 'CVE-2025-46687'() {
    const vm = await createExecutionVm(await loadEngine(), LIMITS);
    const pristine = captureImage(vm);
    // A string and a BigInt that claim to be longer than the rest of the document.
    for (const crafted of ['050007feffffff0f61', '050007ffffffff0f', '05000affffffff0f01', '05000a80808080080102']) {
      restoreImage(vm, pristine);
      expect(() => vm.readValue(Buffer.from(crafted, 'hex'))).toThrow(GuestException);
    }
  },
};

function seal(bytecode: Uint8Array, engine: string): Uint8Array {
  const header = { key: '0'.repeat(64), namespace: 'handler', filename: 'h.js', engine, source: 'return 1' };
  return sealArtifact(header, bytecode, SECRET);
}
