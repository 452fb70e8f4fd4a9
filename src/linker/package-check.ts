import type { ListedPackage } from '../config/listed-package.js';
import { describeLock, Integrities, type LockFile, readLock } from './lock-file.js';
import { describeVersions, type PackageProblem, packagesUsed, type UsedPackage } from './used-packages.js';

/** Compares what was bundled with the list of packages and the lock file. */
export class PackageCheck {
  readonly #listed: readonly ListedPackage[];
  readonly #resolveDir: string;
  readonly #lockPath: string | undefined;
  readonly #integrities: Integrities;
  readonly #allowsNew: boolean;
  #lock: Promise<LockFile | undefined> | undefined;

  constructor(
    listed: readonly ListedPackage[],
    resolveDir: string,
    lockPath: string | undefined,
    { integrities = new Integrities(), allowsNew = false }: { integrities?: Integrities; allowsNew?: boolean } = {},
  ) {
    this.#allowsNew = allowsNew;
    this.#listed = listed;
    this.#resolveDir = resolveDir;
    this.#lockPath = lockPath;
    this.#integrities = integrities;
  }

  /**
   * @param files that were bundled, relative to where packages are looked for
   * @throws NexusError INVALID_CONFIG if the lock file cannot be read
   */
  async check(
    files: readonly string[],
  ): Promise<{ readonly used: readonly UsedPackage[]; readonly problem: PackageProblem | undefined }> {
    const used = await packagesUsed(files, this.#resolveDir);
    const problem = describeVersions(used, this.#listed) ?? (await this.#differences(used));
    return { used, problem };
  }

  async #differences(used: readonly UsedPackage[]): Promise<PackageProblem | undefined> {
    if (used.length === 0 || this.#lockPath === undefined) return undefined;
    this.#lock ??= readLock(this.#lockPath);
    const lock = await this.#lock;
    if (lock === undefined) return undefined;
    const isLocked = ({ name }: UsedPackage) => lock.packages.some((locked) => locked.name === name);
    return describeLock(lock, this.#allowsNew ? used.filter(isLocked) : used, this.#integrities);
  }
}
