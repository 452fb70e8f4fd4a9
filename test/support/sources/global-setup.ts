import type { TestProject } from 'vitest/node';

import { makeFiles } from './made-files.js';

/** Before the first test, and in watch mode before each run. */
export default async function setup(project: TestProject): Promise<void> {
  await makeFiles();
  project.onTestsRerun(makeFiles);
}
