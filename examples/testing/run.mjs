// Runs the tests of this folder, like `npx vitest run` in a separate project.
import { fileURLToPath } from 'node:url';
import { startVitest } from 'vitest/node';

const root = fileURLToPath(new URL('.', import.meta.url));
const vitest = await startVitest('test', [], { root, config: false, watch: false, include: ['*.test.js'] });
await vitest.close();
