// The build step for handlers: generates `handler.d.ts` from the application's types and checks every handler
// against it.
import { readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { checkHandlers, handlerTypes } from 'nexus-runtime/typescript';

const declarations = new URL('handlers/handler.d.ts', import.meta.url);

const text = handlerTypes({
  from: '../app-types.ts',
  state: 'AppState',
  extensions: 'AppExtensions',
  events: 'AppEvents',
  components: 'AppComponent',
  types: ['RefundArgs'],
});
// Not if it is unchanged, because an open editor would check everything again.
if (text !== (await readFile(declarations, 'utf8').catch(() => ''))) await writeFile(declarations, text);

const problems = await checkHandlers(fileURLToPath(new URL('handlers/tsconfig.json', import.meta.url)));
for (const { file, line, column, code, message, snippet } of problems) {
  console.error(`${file}:${line}:${column} ${code} ${message}\n${snippet}\n`);
}
if (problems.length > 0) process.exitCode = 1;
else console.log('handlers checked, nothing to complain of');
