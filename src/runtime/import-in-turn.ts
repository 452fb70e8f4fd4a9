let lastImport: Promise<unknown> = Promise.resolve();

/** Imports one module after the other: Jest's loader fails when two that share a third are under way at once. */
export function importInTurn<T>(load: () => Promise<T>): Promise<T> {
  const loading = lastImport.then(load, load);
  lastImport = loading;
  return loading;
}
