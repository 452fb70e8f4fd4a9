// Compiles the guest prelude to bytecode, so that no worker has to. Runs after tsc, part of `npm run build`.
import { readFile, writeFile } from 'node:fs/promises';
import { sealArtifact } from '../dist/compiler/artifact.js';
import { artifactKey } from '../dist/compiler/key.js';
import { WRAPPER_VERSION } from '../dist/compiler/wrapper.js';
import { PRELUDE_FILENAME } from '../dist/contract/prelude-name.js';
import { loadEngine } from '../dist/engine/load-engine.js';
import { SourceCompiler } from '../dist/engine/source-compiler.js';

const guest = new URL('../dist/guest/', import.meta.url);
const source = await readFile(new URL('prelude.js', guest), 'utf8');
const engine = await loadEngine();
const compiler = await SourceCompiler.create(engine, 512 * 1024);
const outcome = await compiler.compile(source, PRELUDE_FILENAME);
if (!outcome.ok) throw new Error(`the prelude does not compile: ${JSON.stringify(outcome.problem)}`);

const header = {
  key: artifactKey({ engine: engine.fingerprint, filename: PRELUDE_FILENAME, source }),
  engine: engine.fingerprint,
  wrapper: WRAPPER_VERSION,
  filename: PRELUDE_FILENAME,
  source: '',
};
await writeFile(new URL('prelude.qjsc', guest), sealArtifact(header, outcome.bytecode, undefined));
console.log(`prelude: ${source.length} characters, ${outcome.bytecode.length} bytes of bytecode`);
