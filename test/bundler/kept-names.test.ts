import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

import { withoutNeedlessNames } from '#src/bundler/kept-names.js';

const CODE = `
  export function declared() { function inner() {} return [inner, () => 1]; }
  export const arrow = (x) => x, second = () => { return 2; };
  export const long = (a) => {
    const nested = () => {
      return a;
    };
    return nested;
  };
  export let later;
  later = async () => { await 1; };
  export class Kind { static own = () => 1; }
  export const made = class {};
  export const own = [function kind(n) {
    return n;
  }][0];
  export const text = \`
    }, "long")
    __name(a, "b");
  \`;
  const holder = {};
  holder.member = () => 1;
  export { holder };
`;
const OTHER = `export function declared() {} export class Kind {} export const arrow = () => 1;`;

async function bundled(): Promise<string> {
  const files: Record<string, string> = { one: CODE, two: OTHER };
  const { outputFiles } = await build({
    stdin: { contents: `export * as one from 'one'; export * as two from 'two';` },
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'result',
    keepNames: true,
    plugins: [
      {
        name: 'files',
        setup({ onResolve, onLoad }) {
          onResolve({ filter: /^(?:one|two)$/ }, ({ path }) => ({ path, namespace: 'files' }));
          onLoad({ filter: /./, namespace: 'files' }, ({ path }) => ({ contents: files[path] ?? '' }));
        },
      },
    ],
  });
  return outputFiles[0]?.text ?? '';
}

type Named = Readonly<Record<string, { readonly name: string } & ((...args: never[]) => unknown)>>;

describe('names of functions in a bundle', () => {
  it('are the same without the calls that are taken off, and nothing moves', async () => {
    const script = await bundled();
    const shorter = await withoutNeedlessNames(script);
    const calls = (text: string) => text.split('__name(').length - 1;
    expect(calls(shorter)).toBeLessThan(calls(script) / 2);
    const words = (text: string) => [...text.matchAll(/\w+/g)].map(({ 0: word, index }) => `${index} ${word}`);
    const before = new Set(words(script));
    expect(words(shorter).filter((word) => !before.has(word))).toEqual([]);
    const read = (text: string) => new Function(`${text}; return result`)() as { one: Named; two: Named };
    for (const [given, expected] of [[read(shorter), read(script)]] as const) {
      const namesIn = ({ one, two }: { one: Named; two: Named }) =>
        [one, two].map((module) => Object.entries(module).map(([key, value]) => [key, value?.name]));
      expect(namesIn(given)).toEqual(namesIn(expected));
      expect(given.one['Kind']?.name).toBe('Kind');
      expect(given.two['Kind']?.name).toBe('Kind');
      expect(given.one['text']).toBe(expected.one['text']);
      expect((given.one['long']?.() as () => void).name).toBe('nested');
    }
  });

  it('takes time that grows with the text', async () => {
    const line = `${'a = '.repeat(400)}/* @__PURE__ */ __name(() => 1`;
    const hostile = `${Array.from({ length: 5_000 }, () => line).join('\n')}\n${'x = '.repeat(2_000_000)}`;
    expect(await withoutNeedlessNames(hostile)).toBe(hostile);
  });
});
