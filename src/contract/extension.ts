/**
 * Which extensions there are: method names by extension, or objects whose functions are the methods. A handler that calls
 * another one gets a TypeError at that line.
 */
export type ExtensionRegistry = Readonly<Record<string, readonly string[] | object>>;
