import type { OnResolveArgs, Plugin, PluginBuild, ResolveResult } from './esbuild.js';
import { isNodeBuiltin, packagesInsteadOf, presentInHandlers } from './node-builtins.js';

/** The reason for which a style sheet is refused. */
export const STYLE_SHEET = 'a style sheet, which a handler has no use for';

/** The namespace of files that a package turned off in its field `browser`. */
const EMPTY = 'nexus-empty';
/** The namespace of builtins that are where the libraries run. */
const PRESENT = 'nexus-present';
const ASKED = Symbol('asked by this plug-in');
/** What a builtin of Node looks like. Most imports do not, and are resolved without asking this thread. */
const FILTER = /^(?:node:.*|[a-z][a-z0-9_]*(?:\/[a-z0-9_]*)*)$/;

/**
 * The only plug-in: finds the packages that replace builtins of Node, from the importing file or else from the application, and refuses
 * style sheets. Everything else is esbuild's own resolution. No code of a package runs.
 *
 * @param resolveDir the application's directory
 * @param hasNode whether some builtins are where the libraries run, as the global `require` finds them
 */
export function resolveBuiltins(resolveDir: string, hasNode = false): Plugin {
  return {
    name: 'nexus-runtime',
    setup(build) {
      build.onResolve({ filter: FILTER }, async (args) => {
        if (args.pluginData === ASKED || !isNodeBuiltin(args.path)) return undefined;
        // The importing package's own field `browser`, and an installed package of that name, come first.
        if ((await resolve(build, args, args.path, args.resolveDir)).errors.length === 0) return undefined;
        const present = hasNode ? presentInHandlers(args.path) : undefined;
        if (present !== undefined) return { path: present, namespace: PRESENT };
        for (const name of packagesInsteadOf(args.path)) {
          for (const directory of [args.resolveDir, resolveDir]) {
            const found = await resolve(build, args, name, directory);
            if (found.errors.length > 0 || found.external) continue;
            if (found.namespace !== 'file') return emptyModule(args.path);
            return { path: found.path, sideEffects: found.sideEffects };
          }
        }
        return undefined;
      });
      build.onLoad({ filter: /./, namespace: EMPTY }, () => ({ contents: 'module.exports = {};', loader: 'js' }));
      build.onLoad({ filter: /./, namespace: PRESENT }, ({ path }) => ({
        // The global one, which esbuild leaves alone.
        contents: `module.exports = globalThis['require'](${JSON.stringify(path)});`,
        loader: 'js',
      }));
      build.onLoad({ filter: /\.css$/ }, () => ({ errors: [{ text: STYLE_SHEET }] }));
    },
  };
}

/** What stands for a file that a package turned off. */
export function emptyModule(path: string): { path: string; namespace: string } {
  return { path, namespace: EMPTY };
}

function resolve(
  build: PluginBuild,
  { importer, kind, namespace }: OnResolveArgs,
  path: string,
  resolveDir: string,
): Promise<ResolveResult> {
  return build.resolve(path, { importer, kind, namespace, resolveDir, pluginData: ASKED });
}
