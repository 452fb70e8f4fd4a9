import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';

/**
 * Mounts a separate filesystem at `path`.
 *
 * @param options mount options, for example `'size=1m'`
 * @returns the reason if this is not possible, otherwise undefined
 */
export function mountTmpfs(path, options) {
  mkdirSync(path, { recursive: true });
  return tryToRun('mount', ['-t', 'tmpfs', '-o', options, 'nexus-faults', path]);
}

/** @returns the reason why it is not possible, or undefined */
export function remount(path, options) {
  return tryToRun('mount', ['-o', `remount,${options}`, path]);
}

export function unmountBelow(prefix) {
  const mounts = readMounts().filter((path) => path.startsWith(`${prefix}/`));
  // Anything that a process still holds open ends with the process.
  for (const path of mounts.reverse()) tryToRun('umount', ['-l', path]);
}

function readMounts() {
  try {
    const lines = readFileSync('/proc/self/mounts', 'utf8').trim().split('\n');
    return lines.map((line) => line.split(' ')[1]);
  } catch {
    return [];
  }
}

function tryToRun(command, args) {
  try {
    execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    return undefined;
  } catch (error) {
    // `mount: <path>: <reason>`, possibly with advice on further lines.
    const [line] = String(error.stderr ?? '')
      .trim()
      .split('\n');
    return line.split(': ').at(-1).replace(/\.$/, '') || error.message;
  }
}
