// All engines that can be measured side by side. Each peer's file exports `load`, which returns its variants, or throws if
// it cannot be loaded here. A variant takes `{ source, context, libraries }` and returns `run`, which executes the source once
// and resolves to the outcome, and optionally `release`.

const FILES = {
  'nexus-runtime': './nexus-runtime.mjs',
  'quickjs-emscripten': './quickjs-emscripten.mjs',
  'quickjs-wasi': './quickjs-wasi.mjs',
  'isolated-vm': './isolated-vm.mjs',
  run: './run.mjs',
  '@sebastianwessel/quickjs': './sebastianwessel-quickjs.mjs',
  'node:vm, no sandbox': './node-vm.mjs',
};

export const PEER_NAMES = Object.keys(FILES);

/** The packages that the peers import, whose versions are printed. */
export const PEER_PACKAGES = [
  'nexus-runtime',
  'quickjs-emscripten',
  'quickjs-wasi',
  'isolated-vm-7',
  'isolated-vm-6',
  'isolated-vm-5',
  'run',
  '@sebastianwessel/quickjs',
  '@jitl/quickjs-ng-wasmfile-release-sync',
];

/** Loads one peer and none of the others. */
export async function loadPeer(name) {
  const { load } = await import(FILES[name]);
  return load();
}

/**
 * @returns {Promise<{ subject: string, prepare?: Function, unavailable?: string }[]>} one entry for each variant; for a peer that
 *   does not load, one entry with the reason
 */
export async function loadSubjects(names = PEER_NAMES) {
  const subjects = [];
  for (const name of names) {
    try {
      const { variants } = await loadPeer(name);
      for (const [variant, prepare] of Object.entries(variants)) {
        subjects.push({ subject: `${name}: ${variant}`, prepare });
      }
    } catch (error) {
      subjects.push({ subject: name, unavailable: `does not load on Node ${process.version}: ${error.message}` });
    }
  }
  return subjects;
}

/** For each peer, the fastest variants with an isolation like ours, for {@link only}. */
export const FASTEST = [
  'nexus-runtime',
  'quickjs-emscripten: new runtime',
  'quickjs-wasi: restore',
  'isolated-vm: new context',
  'run',
  'node:vm',
];

/** Selects variants by the start of their names. A peer that did not load stays, with its reason. */
export function only(subjects, ...beginnings) {
  return subjects.filter(
    ({ subject, unavailable }) =>
      beginnings.some((beginning) => subject.startsWith(beginning)) ||
      (unavailable !== undefined && beginnings.some((beginning) => beginning.startsWith(subject))),
  );
}
