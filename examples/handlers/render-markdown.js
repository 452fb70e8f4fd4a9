// Renders Markdown from an untrusted author: headings get anchors, raw HTML is shown as text, unsafe links lose their
// target. `marked` is evaluated once when the runtime starts, so no execution pays for loading it.
const { Marked } = $lib.marked;
const { markdown, site } = $args;

const ENTITIES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escapeHtml = (text) => text.replace(/[&<>"']/g, (character) => ENTITIES[character]);

/** Allowed schemes. Control characters and spaces are removed first: browsers skip them in "java\nscript:". */
function isSafe(href) {
  const scheme = /^([a-z][a-z\d+.-]*):/i.exec(href.replace(/[\u0000-\u0020]/g, ''));
  return scheme === null || ['http', 'https', 'mailto'].includes(scheme[1].toLowerCase());
}

/** The text that a reader sees. An image counts with its description. */
function plainText(tokens = []) {
  return tokens.map((token) => (token.tokens ? plainText(token.tokens) : (token.text ?? ' '))).join('');
}

const taken = new Set();
function slugOf(text) {
  const base = text.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '-').replace(/^-|-$/g, '') || 'section';
  let slug = base;
  for (let copy = 1; taken.has(slug); copy++) slug = `${base}-${copy}`;
  taken.add(slug);
  return slug;
}

const toc = [];
const parser = new Marked({
  gfm: true,
  renderer: {
    heading({ tokens, depth }) {
      const title = plainText(tokens);
      const id = slugOf(title);
      toc.push({ depth, title, id });
      return `<h${depth} id="${id}">${this.parser.parseInline(tokens)}</h${depth}>\n`;
    },
    link({ href, title, tokens }) {
      const text = this.parser.parseInline(tokens);
      if (!isSafe(href)) {
        $log.warn(`Removed an unsafe link target: ${href.slice(0, 40)}`);
        return text;
      }
      const external = /^https?:/i.test(href) && !href.startsWith(site);
      const hint = title ? ` title="${escapeHtml(title)}"` : '';
      return `<a href="${escapeHtml(href)}"${hint}${external ? ' rel="noopener nofollow"' : ''}>${text}</a>`;
    },
    html: ({ text }) => escapeHtml(text),
  },
});

const tokens = parser.lexer(markdown);

// Prose only: readers need more time for code than for prose.
let words = 0;
parser.walkTokens(tokens, (token) => {
  const isLeafText = (token.type === 'text' || token.type === 'codespan') && !token.tokens;
  if (isLeafText) words += token.text.match(/[\p{L}\p{N}]+(?:['’.-][\p{L}\p{N}]+)*/gu)?.length ?? 0;
});

const html = parser.parser(tokens);
return { html, toc, words, minutesToRead: Math.max(1, Math.round(words / 220)) };
