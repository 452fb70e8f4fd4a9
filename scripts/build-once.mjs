// Builds if there is no build newer than the sources and what builds them, so that `npm run demo` works on a fresh clone and
// starts at once the next time.
import { execSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modified = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
const filesOf = (folder) => readdirSync(`${root}${folder}`, { recursive: true }).map((name) => `${folder}/${name}`);
const settings = ['package.json', 'package-lock.json', 'tsconfig.base.json', 'tsconfig.json'];
const sources = [...filesOf('src'), ...filesOf('scripts'), ...settings].map((name) => modified(`${root}${name}`));
const built = modified(`${root}dist/guest/prelude.image`);
if (built <= Math.max(...sources)) execSync('npm run --silent build', { cwd: root, stdio: 'inherit' });
