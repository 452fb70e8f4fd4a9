// The main entry as two scripts: what a program needs to start the workers, and the rest, which is loaded while they boot.
import { build, transform } from 'esbuild';

/**
 * Bundles an entry as modules that share chunks, and writes those that the entry imports statically as one script, and all others as another.
 * Both have the same table of modules: each module is evaluated once, when it is first required.
 *
 * @param {import('esbuild').BuildOptions} options of one entry point, with splitting
 * @param {{ rest: string, aliases: Readonly<Record<string, string>> }} names the file name of the second script; and what modules that are
 *   neither in the one nor in the other are called where they are required
 * @returns {Promise<{ first: string, rest: string, inputs: string[] }>}
 */
export async function bundleTwoScripts(options, { rest, aliases }) {
  const { outputFiles, metafile } = await build({
    ...options,
    format: 'esm',
    splitting: true,
    metafile: true,
    write: false,
  });
  const nameOf = (path) => `./${path.slice(path.lastIndexOf('/') + 1)}`;
  const outputs = new Map(Object.entries(metafile.outputs).map(([path, output]) => [nameOf(path), output]));
  const [entry] = Object.keys(options.entryPoints);
  const first = new Set([`./${entry}.js`]);
  for (const name of first) {
    for (const { path, kind, external } of outputs.get(name).imports) {
      if (!external && kind === 'import-statement') first.add(nameOf(path));
    }
  }
  const definitions = { first: [], rest: [] };
  for (const { path, text } of outputFiles) {
    const name = nameOf(path);
    const { code } = await transform(text, {
      ...{ format: 'cjs', target: options.target, platform: 'node', charset: 'ascii' },
      ...{ minifyWhitespace: true, minifySyntax: true, lineLimit: options.lineLimit },
      supported: { 'dynamic-import': false },
    });
    const definition = `${JSON.stringify(name)}(require,module,exports){${code.trimEnd()}\n}`;
    definitions[first.has(name) ? 'first' : 'rest'].push(definition);
  }
  return {
    first: `${loader({ entry, rest, aliases })}const modules={${definitions.first.join(',\n')}};\nmodule.exports=load("./${entry}.js");\n`,
    rest: `module.exports={${definitions.rest.join(',\n')}};\n`,
    inputs: Object.keys(metafile.inputs),
  };
}

/** Of the first script, whose `require` loads the second. */
function loader({ rest, aliases }) {
  return `"use strict";const loaded=new Map(),aliases=${JSON.stringify(aliases)};
function load(id){
if(!id.startsWith("./")||id in aliases)return require(aliases[id]??id);
const known=loaded.get(id);
if(known!==undefined)return known.exports;
if(!Object.hasOwn(modules,id))Object.assign(modules,require("./${rest}"));
const module={exports:{}};
loaded.set(id,module);
modules[id](load,module,module.exports);
return module.exports
}
`;
}
