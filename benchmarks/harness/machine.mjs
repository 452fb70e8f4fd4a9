// Describes the machine, without which figures are meaningless.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { cpus, totalmem } from 'node:os';

/** @param {string[]} packages the packages whose versions matter */
export function describeMachine(packages = []) {
  const [cpu] = cpus();
  return {
    node: process.version,
    v8: process.versions.v8,
    platform: `${process.platform} ${process.arch}`,
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    memoryBytes: totalmem(),
    packages: Object.fromEntries(packages.map((name) => [name, versionOf(name)])),
  };
}

export function printMachine(packages = []) {
  const { node, platform, cpu, cores, packages: versions } = describeMachine(packages);
  console.log(`Node ${node}, ${platform}, ${cores} × ${cpu}`);
  for (const [name, version] of Object.entries(versions)) console.log(`  ${name} ${version}`);
  console.log();
}

/** The version of an installed package, or the reason why there is none. */
export function versionOf(name) {
  const require = createRequire(import.meta.url);
  const manifest = name === 'nexus-runtime' ? '../../package.json' : findManifest(require, name);
  return manifest === undefined
    ? 'not installed'
    : JSON.parse(readFileSync(new URL(manifest, import.meta.url))).version;
}

/** Not every package exports its package.json. */
function findManifest(require, name) {
  for (const folder of require.resolve.paths(name) ?? []) {
    const path = `file://${folder}/${name}/package.json`;
    try {
      readFileSync(new URL(path));
      return path;
    } catch {
      // It may be in a parent folder.
    }
  }
  return undefined;
}
