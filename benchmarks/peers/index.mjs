// All that may be measured beside each other. Every peer's file exports `packages`, and `load`, which gives its variants or throws when
// it cannot be loaded here; a variant takes `{ source, context, libraries }` and gives `run`, which executes that once and resolves
// to the outcome, and perhaps `release`.
import * as isolatedVm from './isolated-vm.mjs';
import * as nexusRuntime from './nexus-runtime.mjs';
import * as nodeVm from './node-vm.mjs';
import * as quickjsEmscripten from './quickjs-emscripten.mjs';
import * as quickjsWasi from './quickjs-wasi.mjs';
import * as run from './run.mjs';
import * as sebastianwesselQuickjs from './sebastianwessel-quickjs.mjs';

const PEERS = {
  'nexus-runtime': nexusRuntime,
  'quickjs-emscripten': quickjsEmscripten,
  'quickjs-wasi': quickjsWasi,
  'isolated-vm': isolatedVm,
  run,
  '@sebastianwessel/quickjs': sebastianwesselQuickjs,
  'node:vm, no sandbox': nodeVm,
};

export const PEER_NAMES = Object.keys(PEERS);
export const PEER_PACKAGES = PEER_NAMES.flatMap((name) => PEERS[name].packages);

/**
 * @returns {Promise<{ subject: string, prepare?: Function, unavailable?: string }[]>} one for each variant; of a peer that does not load,
 *   one with the reason
 */
export async function loadSubjects(names = PEER_NAMES) {
  const subjects = [];
  for (const name of names) {
    try {
      const { variants } = await PEERS[name].load();
      for (const [variant, prepare] of Object.entries(variants)) {
        subjects.push({ subject: `${name}: ${variant}`, prepare });
      }
    } catch (error) {
      subjects.push({ subject: name, unavailable: `does not load on Node ${process.version}: ${error.message}` });
    }
  }
  return subjects;
}

/** Some variants only, by how their names begin. A peer that did not load stays, with its reason. */
export function only(subjects, ...beginnings) {
  return subjects.filter(
    ({ subject, unavailable }) =>
      beginnings.some((beginning) => subject.startsWith(beginning)) ||
      (unavailable !== undefined && beginnings.some((beginning) => beginning.startsWith(subject))),
  );
}
