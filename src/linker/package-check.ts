import type { ListedPackage } from '../config/listed-package.js';
import { describeLock, Integrities, type LockFile, readLock } from './lock-file.js';
import { describeVersions, type PackageProblem, packagesUsed, type UsedPackage } from './used-packages.js';

/** Compares what was bundled with the list of packages and the lock file. */
export class PackageCheck {
  readonly #listed: readonly ListedPackage[];
  readonly #resolveDir: string;
  readonly #lockPath: string | undefined;
  readonly #integrities = new Integrities();
  #lock: Promise<LockFile | undefined> | undefined;

  constructor(listed: readonly ListedPackage[], resolveDir: string, lockPath: string | undefined) {
    this.#listed = listed;
    this.#resolveDir = resolveDir;
    this.#lockPath = lockPath;
  }

  /**
   * @param files that were bundled, relative to where packages are looked for
   * @returns why these packages may not be used; undefined if they may
   * @throws NexusError INVALID_CONFIG if the lock file cannot be read
   */
  async check(files: readonly string[]): Promise<PackageProblem | undefined> {
    const used = await packagesUsed(files, this.#resolveDir);
    return describeVersions(used, this.#listed) ?? (await this.#differences(used));
  }

  async #differences(used: readonly UsedPackage[]): Promise<PackageProblem | undefined> {
    if (used.length === 0 || this.#lockPath === undefined) return undefined;
    this.#lock ??= readLock(this.#lockPath);
    const lock = await this.#lock;
    return lock && describeLock(lock, used, this.#integrities);
  }
}
