import type { CapabilityToken } from '../api/capability.js';
import type { LibraryBundle } from '../bundler/bundle-libraries.js';
import { BundledPlaces, type ScriptPlace } from '../bundler/bundled-places.js';
import { type LibraryNeed, type LibraryNeeds, needsOf } from '../capabilities/library-needs.js';
import type { LibrarySource } from '../engine/library.js';

/** What the libraries of a runtime need. In a bundle, a place counts for the libraries that import its file. */
export function needsOfLibraries(sources: readonly LibrarySource[], bundle: LibraryBundle | undefined): LibraryNeeds {
  const needs = new Map<string, Set<CapabilityToken>>();
  const add = (names: readonly string[], tokens: readonly CapabilityToken[]) => {
    for (const name of names) {
      const known = needs.get(name) ?? new Set();
      needs.set(name, known);
      for (const token of tokens) known.add(token);
    }
  };
  for (const { name, source } of sources) for (const { tokens } of needsOf(source)) add([name], tokens);
  if (bundle !== undefined) {
    const found = needsOf(bundle.source);
    const originals = found.length === 0 ? undefined : new BundledPlaces(bundle);
    const all = bundle.exports.map(({ name }) => name);
    for (const { tokens, place } of withPlaces(found, bundle.source)) {
      add(originals?.at(place)?.input?.libraries ?? all, tokens);
    }
  }
  return Object.fromEntries([...needs].map(([name, tokens]) => [name, [...tokens]]));
}

/** Their lines and columns, in one walk over the text. */
function withPlaces(needs: readonly LibraryNeed[], text: string): (LibraryNeed & { readonly place: ScriptPlace })[] {
  let [line, lineStart] = [1, 0];
  return needs.map((need) => {
    for (let end = text.indexOf('\n', lineStart); end >= 0 && end < need.index; end = text.indexOf('\n', lineStart)) {
      line++;
      lineStart = end + 1;
    }
    return { ...need, place: { line, column: need.index - lineStart + 1 } };
  });
}
