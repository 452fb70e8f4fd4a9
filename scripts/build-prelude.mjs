// Compiles and evaluates the guest prelude, so that no worker has to. Runs after tsc, part of `npm run build`.
import { readFile, writeFile } from 'node:fs/promises';

import { PRELUDE_FILENAME } from '../build/contract/prelude-name.js';
import { createExecutionVm } from '../build/engine/base-image.js';
import { loadEngine } from '../build/engine/load-engine.js';
import { capturePreludeImage, encodePreludeImage } from '../build/engine/prelude-image.js';
import { SourceCompiler } from '../build/engine/source-compiler.js';
import { MIN_MEMORY_BYTES } from '../build/engine/vm.js';

const guest = new URL('../build/guest/', import.meta.url);
const stackSizeBytes = 256 * 1024;
const source = await readFile(new URL('prelude.js', guest), 'utf8');
const engine = await loadEngine();
const compiler = await SourceCompiler.create(engine, stackSizeBytes);
const compiled = await compiler.compile(source, PRELUDE_FILENAME);
if (!compiled.ok) throw new Error(`the prelude does not compile: ${JSON.stringify(compiled.problem)}`);

const vm = await createExecutionVm(engine, { memoryLimitBytes: MIN_MEMORY_BYTES, stackSizeBytes });
const prelude = capturePreludeImage(vm, engine.fingerprint, compiled.bytecode);
await writeFile(new URL('prelude.image', guest), encodePreludeImage(prelude));
const { data, heap } = prelude.image;
console.log(
  `prelude: ${source.length} characters, ${compiled.bytecode.length} bytes of bytecode, image ${data.length} + ${heap.length}`,
);
