/** What the capability of a request names, method and host; undefined for what is no URL of one. */
export function requestName(method: string, url: string): string | undefined {
  if (!URL.canParse(url)) return undefined;
  const { host, protocol } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? `${method.toUpperCase()}:${host}` : undefined;
}
