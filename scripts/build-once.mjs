// Builds if there is no build newer than the sources, so that `npm run demo` works on a fresh clone and
// starts at once the next time.
import { execSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const sources = readdirSync(`${root}src`, { recursive: true }).map((name) => modified(`${root}src/${name}`));
const built = modified(`${root}dist/guest/prelude.image`);
if (built <= Math.max(...sources)) execSync('npm run --silent build', { cwd: root, stdio: 'inherit' });
