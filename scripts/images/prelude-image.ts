import { buildBaseImage, createBuilderVm } from '../../src/engine/image/base-image.js';
import { ALL_FEATURES, FEATURES, featureSet, NO_FEATURES } from '../../src/engine/image/features.js';
import { ImageVariants } from '../../src/engine/image/image-variants.js';
import { capturePreludeImage, encodePreludeImage } from '../../src/engine/image/prelude-image.js';
import type { EngineModule } from '../../src/engine/load-engine.js';
import { SourceCompiler } from '../../src/engine/source-compiler.js';
import { PRELUDE_FILENAME } from '../../src/protocol/prelude-name.js';

/** A script of the guest, and the files that it is bundled from. */
export interface GuestScript {
  readonly source: string;
  readonly inputs: readonly string[];
}

export interface MadePrelude {
  readonly encoded: Uint8Array;
  /** Files that it was made of, from the root of the project. */
  readonly inputs: readonly string[];
  /** Sizes, for whoever reads the output of a build. */
  readonly report: readonly string[];
}

const STACK_SIZE_BYTES = 256 * 1024;

/** Compiles the guest's scripts and evaluates the prelude, so that no worker has to. */
export async function makePreludeImage(
  engine: EngineModule,
  bundle: (entry: string) => Promise<GuestScript>,
): Promise<MadePrelude> {
  const compiler = await SourceCompiler.create(engine, STACK_SIZE_BYTES);
  const compileScript = async (entry: string) => {
    const script = await bundle(entry);
    const compiled = await compiler.compileHidden(script.source, PRELUDE_FILENAME);
    if (!compiled.ok) throw new Error(`${entry} does not compile: ${JSON.stringify(compiled.problem)}`);
    return { ...script, bytecode: compiled.bytecode };
  };
  const prelude = await compileScript('src/guest/prelude/index.ts');
  const features: Awaited<ReturnType<typeof compileScript>>[] = [];
  for (const { name } of FEATURES) features.push(await compileScript(`src/guest/features/${name}.ts`));

  const vm = await createBuilderVm(engine);
  const featureBytecode = features.map(({ bytecode }) => bytecode);
  const preludeImage = capturePreludeImage(vm, engine.fingerprint, prelude.bytecode, featureBytecode);
  const encoded = encodePreludeImage(preludeImage);

  const { data, heap } = preludeImage.image;
  const report = [
    `prelude: ${prelude.source.length} characters, ${prelude.bytecode.length} bytes of bytecode, image ${data.length} + ${heap.length}`,
  ];
  // Every feature is evaluated here once: one that fails does not surprise a worker.
  const base = await buildBaseImage(vm, preludeImage, [], () => Promise.reject(new Error('there are no libraries')));
  const variants = new ImageVariants(engine, base, preludeImage);
  const imageBytes = async (set: typeof NO_FEATURES) => (await variants.get(set)).image.heap.length;
  const plainBytes = await imageBytes(NO_FEATURES);
  for (const [index, { name }] of FEATURES.entries()) {
    const grown = (await imageBytes(featureSet(name))) - plainBytes;
    const { source, bytecode } = features[index] as (typeof features)[number];
    report.push(`  ${name}: ${source.length} characters, ${bytecode.length} bytes of bytecode, image + ${grown}`);
  }
  report.push(`  all of them: image + ${(await imageBytes(ALL_FEATURES)) - plainBytes}`);
  return { encoded, inputs: [prelude, ...features].flatMap(({ inputs }) => inputs), report };
}
