// Products that execute a handler to its end and make its calls: the handler of `suspension/awaits.mjs`, whose
// extension is an async function of the application. A variant takes a number of awaits, and returns `run`.
import { answerTo } from '../suspension/awaits.mjs';
import * as isolatedVm from './isolated-vm.mjs';
import * as nexusRuntime from './nexus-runtime.mjs';
import * as run from './run.mjs';

const PRODUCTS = { 'nexus-runtime': nexusRuntime, 'isolated-vm': isolatedVm, run };

export const AWAITING_PACKAGES = ['nexus-runtime', 'isolated-vm-7', 'isolated-vm-6', 'isolated-vm-5', 'run'];

/** What every product calls: nothing that takes time, as an application that looks it up in memory. */
export const shop = { price: async (sku) => answerTo(sku) };

/**
 * @param use called with all variants, each with its `subject`; for a product that does not load, the reason is in
 *   `unavailable`
 */
export async function withProducts(use) {
  const subjects = [];
  const releases = [];
  for (const [name, { load }] of Object.entries(PRODUCTS)) {
    try {
      const { variants, release = () => {} } = await load(shop);
      releases.push(release);
      for (const [variant, prepare] of Object.entries(variants)) {
        subjects.push({ subject: `${name}: ${variant}`, prepare });
      }
    } catch (error) {
      subjects.push({ subject: name, unavailable: `does not load on Node ${process.version}: ${error.message}` });
    }
  }
  try {
    return await use(subjects);
  } finally {
    for (const release of releases) await release();
  }
}
