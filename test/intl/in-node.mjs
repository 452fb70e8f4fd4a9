// Evaluates expressions in Node, with a time zone and the English locale of the United States, for tests to compare with.
// Standard input: JSON of [[zone, [expression, …]], …]. Output: JSON of what each gives, or the name of its error.
import { readFileSync } from 'node:fs';

const evaluate = (expression) => {
  try {
    return new Function(`return ${expression}`)();
  } catch (error) {
    return `${error.name} is thrown`;
  }
};
const answers = JSON.parse(readFileSync(0, 'utf8')).map(([zone, expressions]) => {
  process.env.TZ = zone;
  return expressions.map((expression) => JSON.stringify(evaluate(expression)) ?? 'undefined');
});
process.stdout.write(JSON.stringify(answers));
