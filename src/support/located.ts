/**
 * The URL of something beside the code. In a bundle of CommonJS there is no `import.meta.url`: the URL is then
 * one of no file, and that files are missing is told when a runtime starts, see `errors/left-behind.ts`.
 *
 * @param locate makes the URL from its own `import.meta.url`, by a literal that bundlers and tracers find
 */
export function located(locate: () => URL): URL {
  try {
    return locate();
  } catch {
    return new URL('file:///nexus-runtime/left-behind');
  }
}
