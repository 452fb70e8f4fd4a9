import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { type WatchedBuild, watchBuild } from '#src/build/index.js';
import { rejection } from '../support/runtime-helpers.js';
import { buildTree } from './tree.js';

/** Builds, one after the other, as they are reported. */
class Builds {
  readonly #builds: WatchedBuild[] = [];
  #wake: () => void = () => {};

  readonly add = (build: WatchedBuild): void => {
    this.#builds.push(build);
    this.#wake();
  };

  /** The first one, from now on, of which something is true. */
  async until(isWanted: (build: WatchedBuild) => boolean): Promise<WatchedBuild> {
    for (;;) {
      const build = this.#builds.shift();
      if (build !== undefined && isWanted(build)) return build;
      if (build === undefined) await new Promise<void>((wake) => (this.#wake = wake));
    }
  }
}

const built = (build: WatchedBuild) => ('report' in build ? build.report.built : []);

it('builds again what a change concerns, tells errors, and goes on', async () => {
  await using tree = await buildTree({
    'handlers/a.js': `import { x } from '../lib/x.js'; export default x;`,
    'handlers/b.js': 'return 1',
    'lib/x.js': 'export const x = 1;',
  });
  const builds = new Builds();
  const watcher = watchBuild(tree.options, builds.add);
  const file = (name: string) => join(tree.directory, name);
  expect(built(await builds.until(() => true))).toEqual(['a', 'b']);

  await writeFile(file('lib/x.js'), 'export const x = 2;');
  expect(built(await builds.until((build) => built(build).length > 0))).toEqual(['a']);

  await writeFile(file('lib/x.js'), 'export const = ;');
  const broken = await builds.until((build) => 'report' in build && build.report.failures.length > 0);
  expect(broken).toMatchObject({ report: { failures: [{ name: 'a', error: { location: { file: 'lib/x.js' } } }] } });

  await writeFile(file('lib/x.js'), 'export const x = 3;');
  await writeFile(file('handlers/c.js'), 'return 3');
  const mended = await builds.until((build) => built(build).includes('c'));
  expect(mended).toMatchObject({ report: { failures: [] } });

  await rm(file('handlers/b.js'));
  const fewer = await builds.until((build) => 'report' in build && !('b' in build.report.manifest.handlers));
  expect(fewer).toMatchObject({ report: { built: [] } });
  await watcher.close();

  await writeFile(file('handlers/d.js'), 'return 4');
  await watcher.close();
});

it('refuses what a build refuses, at once', async () => {
  const call = async () => watchBuild({ include: '', outDir: 'out' }, () => {});
  expect(await rejection(call())).toMatchObject({ code: 'INVALID_ARGUMENT' });
});
