// A handler as bundlers make them: more than 250 KB of code, of which it uses a little. What it does not use is not initialised either, so
// that what is measured is the runtime, and not how long a bundle takes to get going.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/** Renders a page, which may begin with data about itself. */
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
