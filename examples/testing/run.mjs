// Runs the tests of this folder, as `npx vitest run` would in a project of its own.
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('.', import.meta.url));
const vitest = await startVitest('test', [], { root, config: false, watch: false, include: ['*.test.js'] });
await vitest.close();
