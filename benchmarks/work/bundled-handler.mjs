// A handler as bundlers generate them: more than 250 KB of code, of which it uses a little. The rest is not
// initialised, so that the runtime is measured and not the start of a bundle.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Renders a page, which may start with front matter. */
const HANDLER = `
const [, data, text] = /^(?:---\\n([^]*?)\\n---\\n)?([^]*)$/.exec($args.page);
const title = data === undefined ? $args.title : library.yaml().parse(data).title;
$state.rendered = ($state.rendered ?? 0) + 1;
$emit('page.rendered', { title });
return library.escape(title) + ': ' + text.trim();
`;

/** Its source. */
export async function bundle() {
  const { outputFiles } = await build({
    stdin: {
      contents: `
        exports.yaml = () => require('yaml');
        exports.escape = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
      `,
      resolveDir: fileURLToPath(new URL('../..', import.meta.url)),
    },
    bundle: true,
    format: 'iife',
    globalName: 'library',
    platform: 'neutral',
    mainFields: ['main'],
    write: false,
  });
  return outputFiles[0].text + HANDLER;
}
