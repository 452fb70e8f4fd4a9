// What an application gets with the package: nothing of it may run at installation.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const HOOKS = ['preinstall', 'install', 'postinstall'];

/** The packages in a `node_modules`, those inside of others included. */
function* packagesIn(folder) {
  if (!existsSync(folder)) return;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue;
    const path = join(folder, entry.name);
    if (entry.name.startsWith('@')) yield* packagesIn(path);
    else if (existsSync(join(path, 'package.json'))) {
      yield path;
      yield* packagesIn(join(path, 'node_modules'));
    }
  }
}

/**
 * @param folder in which the package was installed
 * @returns the names of what is there
 * @throws Error naming each package that has an install script
 */
export function requireNoInstallScripts(folder) {
  const found = [...packagesIn(join(folder, 'node_modules'))].map((path) => {
    const { name, version, scripts = {} } = JSON.parse(readFileSync(join(path, 'package.json'), 'utf8'));
    const runs = HOOKS.some((hook) => scripts[hook] !== undefined) || existsSync(join(path, 'binding.gyp'));
    return { name: `${name}@${version}`, runs };
  });
  const running = found.filter(({ runs }) => runs).map(({ name }) => name);
  if (running.length > 0) throw new Error(`the production tree has install scripts: ${running.join(', ')}`);
  return found.map(({ name }) => name);
}
