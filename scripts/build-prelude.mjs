// Compiles and evaluates the guest prelude, so that no worker has to. Runs after tsc, part of `npm run build`.
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

import { PRELUDE_FILENAME } from '../build/contract/prelude-name.js';
import { createExecutionVm } from '../build/engine/base-image.js';
import { loadEngine } from '../build/engine/load-engine.js';
import { capturePreludeImage, encodePreludeImage } from '../build/engine/prelude-image.js';
import { SourceCompiler } from '../build/engine/source-compiler.js';
import { MIN_MEMORY_BYTES } from '../build/engine/vm.js';
import { bundleGuestScript } from './guest-script.mjs';

const guest = new URL('../build/guest/', import.meta.url);
const stackSizeBytes = 256 * 1024;
const source = await bundleGuestScript(fileURLToPath(new URL('../src/guest/prelude/index.ts', import.meta.url)));
const engine = await loadEngine();
const compiler = await SourceCompiler.create(engine, stackSizeBytes);
const compiled = await compiler.compile(source, PRELUDE_FILENAME);
if (!compiled.ok) throw new Error(`the prelude does not compile: ${JSON.stringify(compiled.problem)}`);

const vm = await createExecutionVm(engine, { memoryLimitBytes: MIN_MEMORY_BYTES, stackSizeBytes });
const prelude = capturePreludeImage(vm, engine.fingerprint, compiled.bytecode);
await mkdir(guest, { recursive: true });
await writeFile(new URL('prelude.image', guest), encodePreludeImage(prelude));
const { data, heap } = prelude.image;
console.log(
  `prelude: ${source.length} characters, ${compiled.bytecode.length} bytes of bytecode, image ${data.length} + ${heap.length}`,
);
