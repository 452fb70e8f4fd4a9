// What the image does, without Docker, in an empty folder: the build stage's command, then the image's.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const folder = await mkdtemp(join(tmpdir(), 'nexus-docker-'));
process.chdir(folder);
await import('./precompile.mjs');
await import('./main.mjs');
process.chdir(tmpdir());
await rm(folder, { recursive: true });
