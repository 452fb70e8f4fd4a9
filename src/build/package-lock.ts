import { loadBundler } from '../bundler/esbuild.js';
import type { ListedPackage } from '../config/listed-package.js';
import { describeLock, Integrities, type LockFile, readLock, writeLock } from '../linker/lock-file.js';
import { describeVersions, type PackageProblem, type UsedPackage } from '../linker/used-packages.js';

/** The lock file of a build: compares what was bundled with it, and adds what is new. */
export class PackageLock {
  readonly #path: string | undefined;
  readonly #listed: readonly ListedPackage[];
  readonly #replaces: boolean;
  readonly #integrities = new Integrities();
  readonly #used = new Map<string, UsedPackage>();
  #lock: LockFile | undefined;

  /** @param replaces whether packages that differ from the lock file replace what is in it */
  constructor(path: string | undefined, listed: readonly ListedPackage[], replaces: boolean) {
    this.#path = path;
    this.#listed = listed;
    this.#replaces = replaces;
  }

  /** @throws NexusError INVALID_CONFIG if there is one that cannot be read */
  async open(): Promise<void> {
    if (this.#path !== undefined) this.#lock = await readLock(this.#path);
  }

  /** @returns why these packages may not be used */
  async use(used: readonly UsedPackage[]): Promise<PackageProblem | undefined> {
    const problem = describeVersions(used, this.#listed) ?? (await this.#differences(used));
    if (problem === undefined) for (const each of used) this.#used.set(each.folder, each);
    return problem;
  }

  async #differences(used: readonly UsedPackage[]): Promise<PackageProblem | undefined> {
    const lock = this.#lock;
    if (lock === undefined || this.#replaces) return undefined;
    const isLocked = ({ name }: UsedPackage) => lock.packages.some((locked) => locked.name === name);
    return describeLock(lock, used.filter(isLocked), this.#integrities);
  }

  /** Writes what was used, if that is something else than what is there. */
  async save(root: string): Promise<void> {
    if (this.#path === undefined || (this.#used.size === 0 && this.#lock === undefined)) return;
    const used = [...this.#used.values()].sort((a, b) =>
      `${a.name}\0${a.version}` < `${b.name}\0${b.version}` ? -1 : 1,
    );
    const packages = await this.#integrities.lock(used);
    const bundler = used.length === 0 ? (this.#lock?.bundler ?? '') : `esbuild ${loadBundler(root).version}`;
    const lock: LockFile = { lockVersion: 1, bundler, packages };
    if (JSON.stringify(lock) !== JSON.stringify(this.#lock)) await writeLock(this.#path, lock);
  }
}
