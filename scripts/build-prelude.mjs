// Compiles the guest's scripts and evaluates the prelude, so that no worker has to. Runs after tsc, part of `npm run build`.
import { mkdir, writeFile } from 'node:fs/promises';
import { buildBaseImage, createBuilderVm } from '../build/engine/image/base-image.js';
import { ALL_FEATURES, FEATURES, featureSet, NO_FEATURES } from '../build/engine/image/features.js';
import { ImageVariants } from '../build/engine/image/image-variants.js';
import { capturePreludeImage, encodePreludeImage } from '../build/engine/image/prelude-image.js';
import { loadEngine } from '../build/engine/load-engine.js';
import { SourceCompiler } from '../build/engine/source-compiler.js';
import { PRELUDE_FILENAME } from '../build/protocol/prelude-name.js';
import { bundleGuestScript } from './guest-script.mjs';

const guest = new URL('../build/guest/', import.meta.url);
const stackSizeBytes = 256 * 1024;
const engine = await loadEngine();
const compiler = await SourceCompiler.create(engine, stackSizeBytes);

async function compileScript(entry) {
  const { source, inputs } = await bundleGuestScript(entry);
  const compiled = await compiler.compileHidden(source, PRELUDE_FILENAME);
  if (!compiled.ok) throw new Error(`${entry} does not compile: ${JSON.stringify(compiled.problem)}`);
  return { source, inputs, bytecode: compiled.bytecode };
}

const prelude = await compileScript('src/guest/prelude/index.ts');
const features = [];
for (const { name } of FEATURES) features.push(await compileScript(`src/guest/features/${name}.ts`));

const vm = await createBuilderVm(engine);
const preludeImage = capturePreludeImage(
  vm,
  engine.fingerprint,
  prelude.bytecode,
  features.map(({ bytecode }) => bytecode),
);
await mkdir(guest, { recursive: true });
await writeFile(new URL('prelude.image', guest), encodePreludeImage(preludeImage));
// For the licences of what was bundled.
await writeFile(new URL('inputs.json', guest), JSON.stringify([prelude, ...features].flatMap(({ inputs }) => inputs)));

const { data, heap } = preludeImage.image;
console.log(
  `prelude: ${prelude.source.length} characters, ${prelude.bytecode.length} bytes of bytecode, image ${data.length} + ${heap.length}`,
);
// Every feature is evaluated here once: one that fails is no surprise of a worker's.
const base = await buildBaseImage(vm, preludeImage, [], () => Promise.reject(new Error('there are no libraries')));
const variants = new ImageVariants(engine, base, preludeImage);
const imageBytes = async (set) => (await variants.get(set)).image.heap.length;
const plainBytes = await imageBytes(NO_FEATURES);
for (const [index, { name }] of FEATURES.entries()) {
  const { source, bytecode } = features[index];
  const grown = (await imageBytes(featureSet(name))) - plainBytes;
  console.log(`  ${name}: ${source.length} characters, ${bytecode.length} bytes of bytecode, image + ${grown}`);
}
console.log(`  all of them: image + ${(await imageBytes(ALL_FEATURES)) - plainBytes}`);
