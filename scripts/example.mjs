// Runs an example by its name; without one, lists them.
//
//   npm run example -- panel
import { readdirSync } from 'node:fs';

const examples = new URL('../examples/', import.meta.url);
const names = readdirSync(examples, { recursive: true })
  .map((file) => /^([^/\\]+)[/\\]run\.mjs$/.exec(file)?.[1])
  .filter(Boolean);

const name = process.argv[2];
if (name === undefined)
  console.log(`Examples, each by npm run example -- NAME:\n${names.map((one) => `  ${one}`).join('\n')}`);
else if (names.includes(name)) {
  // The example reads its own arguments.
  process.argv.splice(1, 2, new URL(`${name}/run.mjs`, examples).pathname);
  await import(new URL(`${name}/run.mjs`, examples));
} else {
  console.error(`There is no example ${name}; the examples are ${names.join(', ')}.`);
  process.exitCode = 1;
}
