// Compiles the guest prelude to bytecode, so that no worker has to. Runs after tsc, part of `npm run build`.
import { readFile, writeFile } from 'node:fs/promises';
import { sealArtifact } from '../build/compiler/artifact.js';
import { KeyDeriver } from '../build/compiler/key.js';
import { WRAPPER_VERSION } from '../build/compiler/wrapper.js';
import { PRELUDE_FILENAME } from '../build/contract/prelude-name.js';
import { loadEngine } from '../build/engine/load-engine.js';
import { SourceCompiler } from '../build/engine/source-compiler.js';

const guest = new URL('../build/guest/', import.meta.url);
const source = await readFile(new URL('prelude.js', guest), 'utf8');
const engine = await loadEngine();
const compiler = await SourceCompiler.create(engine, 512 * 1024);
const outcome = await compiler.compile(source, PRELUDE_FILENAME);
if (!outcome.ok) throw new Error(`the prelude does not compile: ${JSON.stringify(outcome.problem)}`);

const header = {
  key: new KeyDeriver(engine.fingerprint).derive(source, PRELUDE_FILENAME),
  engine: engine.fingerprint,
  wrapper: WRAPPER_VERSION,
  filename: PRELUDE_FILENAME,
  source: '',
};
await writeFile(new URL('prelude.qjsc', guest), sealArtifact(header, outcome.bytecode, undefined));
console.log(`prelude: ${source.length} characters, ${outcome.bytecode.length} bytes of bytecode`);
