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
  // The longest first: another may be a part of it.
  for (const [name, value] of [...secrets].sort(([, one], [, other]) => other.length - one.length)) {
    if (value.length >= MIN_SECRET) clean = clean.replaceAll(value, () => `\${env:${name}}`);
  }
  return clean;
}

/** The same for a value, which is plain data: in its texts, its keys, and where a number is a secret. */
export function valueWithoutSecrets(value: unknown, secrets: Secrets): unknown {
  if (secrets.size === 0 || value === undefined) return value;
  // As JSON writes the values.
  const written = new Map([...secrets].map(([name, secret]) => [name, JSON.stringify(secret).slice(1, -1)]));
  const text = JSON.stringify(value);
  if (withoutSecrets(text, written) === text) return value;
  return JSON.parse(text, (_, given: unknown) => {
    if (typeof given === 'string') return withoutSecrets(given, secrets);
    if (typeof given === 'number')
      return [...secrets.values()].includes(`${given}`) ? withoutSecrets(`${given}`, secrets) : given;
    if (typeof given !== 'object' || given === null || Array.isArray(given)) return given;
    return Object.fromEntries(Object.entries(given).map(([key, one]) => [withoutSecrets(key, secrets), one]));
  }) as unknown;
}
