import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';

const VERSION = 1;

/** How far a campaign is. With a file it can be resumed: the file is written whole, or not at all. */
export class CampaignState {
  #path;
  #content;

  /**
   * @param path undefined for a campaign that is not resumed
   * @throws Error when the file belongs to another campaign
   */
  static open(path, seed) {
    const fresh = { version: VERSION, seed, targets: {} };
    if (path === undefined || !existsSync(path)) return new CampaignState(path, fresh);
    const content = JSON.parse(readFileSync(path, 'utf8'));
    if (content.version !== VERSION || content.seed !== seed) {
      throw new Error(`${path} is of version ${content.version} and seed ${content.seed}, not ${VERSION} and ${seed}.`);
    }
    return new CampaignState(path, content);
  }

  constructor(path, content) {
    this.#path = path;
    this.#content = content;
  }

  /** `next`: the first case that was not run; findings and holds of those before it. */
  of(target) {
    this.#content.targets[target] ??= { next: 0, findings: [], holds: {}, seconds: 0 };
    return this.#content.targets[target];
  }

  update(target, progress) {
    this.#content.targets[target] = { ...this.of(target), ...progress };
    if (this.#path === undefined) return;
    const temporary = `${this.#path}.${process.pid}.tmp`;
    writeFileSync(temporary, JSON.stringify(this.#content));
    renameSync(temporary, this.#path);
  }
}
