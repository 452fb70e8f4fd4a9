/** Values that stay outside of programs, by the variable of the environment that they come from. */
export type Secrets = ReadonlyMap<string, string>;

const REFERENCE = /\$\{(?:env:)?([A-Za-z_]\w*)\}/g;
/** A shorter one occurs in texts by chance. */
const MIN_SECRET = 6;

/**
 * Puts in variables of the environment, `${env:NAME}` or `${NAME}`.
 *
 * @param secrets gets their values
 * @throws what `missing` gives for a variable that is not set
 */
export function withSecrets(
  text: string,
  env: NodeJS.ProcessEnv,
  secrets: Map<string, string>,
  missing: (name: string) => Error,
): string {
  return text.replaceAll(REFERENCE, (_, name: string) => {
    const value = env[name];
    if (value === undefined || value === '') throw missing(name);
    secrets.set(name, value);
    return value;
  });
}

/** A text in which values of secrets are `${env:NAME}`, for what programs and models see. */
export function withoutSecrets(text: string, secrets: Secrets): string {
  let clean = text;
  for (const [name, value] of secrets) {
    if (value.length >= MIN_SECRET) clean = clean.replaceAll(value, () => `\${env:${name}}`);
  }
  return clean;
}

/** The same for a value, which is plain data. */
export function valueWithoutSecrets(value: unknown, secrets: Secrets): unknown {
  if (secrets.size === 0 || value === undefined) return value;
  // As JSON writes the values; what is replaced holds nothing that JSON would escape.
  const written = new Map([...secrets].map(([name, secret]) => [name, JSON.stringify(secret).slice(1, -1)]));
  const text = JSON.stringify(value);
  const clean = withoutSecrets(text, written);
  return clean === text ? value : (JSON.parse(clean) as unknown);
}
