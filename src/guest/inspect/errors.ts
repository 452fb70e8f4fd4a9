/** An error as Node shows it: its stack, and what it has beyond that. */
export function formatError(
  error: Error,
  className: string | null,
  given: readonly PropertyKey[],
  indentation: number,
): { readonly base: string; readonly keys: readonly PropertyKey[] } {
  const { message } = error;
  const name = error.name === undefined || error.name === null ? 'Error' : String(error.name);
  const raw: unknown = error.stack;
  const stack = raw === undefined || raw === '' ? Error.prototype.toString.call(error) : String(raw);
  const keys = given.filter(
    (key) => !(key === 'name' || key === 'message' || key === 'stack') || !stack.includes(String(error[key])),
  );
  if ('cause' in error && !keys.includes('cause')) keys.push('cause');
  if (Array.isArray((error as AggregateError).errors) && !keys.includes('errors')) keys.push('errors');
  let base = withClass(stack, className, name);
  const at = typeof message === 'string' && message !== '' ? base.indexOf(message) + message.length : 0;
  if (!base.includes('\n    at', Math.max(0, at))) base = `[${base}]`;
  else base = base.trimEnd();
  if (indentation > 0) base = base.replaceAll('\n', `\n${' '.repeat(indentation)}`);
  return { base, keys };
}

/** An error of a class of the handler's says so, whatever its `name` is. */
function withClass(stack: string, className: string | null, name: string): string {
  const next = stack[name.length];
  const isUsual =
    name.endsWith('Error') && stack.startsWith(name) && (next === undefined || next === ':' || next === '\n');
  if (!isUsual || className === null || className === name) return stack;
  const rest = stack.slice(name.length);
  return className.includes(name) ? `${className}${rest}` : `${className} [${name}]${rest}`;
}
