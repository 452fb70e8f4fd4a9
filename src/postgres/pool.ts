/** What the store uses of a `Pool` of `pg`. */
export interface PoolLike {
  query(
    text: string,
    values?: unknown[],
  ): Promise<{
    // biome-ignore lint/suspicious/noExplicitAny: the types of rows follow from the text of the query
    rows: any[];
  }>;
}
