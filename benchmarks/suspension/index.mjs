// All products that can suspend a handler as data. A variant prepares a handler that waits for its last
// answer, resumes it, and reports its size at rest.
import * as nexusRuntime from './nexus-runtime.mjs';
import * as quickjsWasi from './quickjs-wasi.mjs';
import * as run from './run.mjs';

const PEERS = { 'nexus-runtime': nexusRuntime, run, 'quickjs-wasi': quickjsWasi };

export const SUSPENSION_PACKAGES = Object.keys(PEERS);

/**
 * @param use called with all variants, each with its `subject`; for a peer that does not load, the reason is
 *   in `unavailable`
 */
export async function withSuspensions(use) {
  const subjects = [];
  const releases = [];
  for (const [name, { load }] of Object.entries(PEERS)) {
    try {
      const { variants, release = () => {} } = await load();
      releases.push(release);
      for (const [variant, how] of Object.entries(variants)) subjects.push({ subject: `${name}: ${variant}`, ...how });
    } catch (error) {
      subjects.push({ subject: name, unavailable: `does not load on Node ${process.version}: ${error.message}` });
    }
  }
  try {
    await use(subjects);
  } finally {
    for (const release of releases) await release();
  }
}
