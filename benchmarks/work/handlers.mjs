// The handlers of the examples, unchanged.
import { readFileSync } from 'node:fs';
import { libraries as exampleLibraries, examples } from '../../examples/contexts.mjs';
import * as salesReportExample from '../../examples/sales-report/context.mjs';

/** Uses lodash, 533 KB. */
export const salesReport = {
  name: 'sales-report',
  source: salesReportExample.source,
  context: salesReportExample.context,
  check: salesReportExample.check,
  libraries: { lodash: readFileSync(salesReportExample.libraries.lodash.file, 'utf8') },
};

const [priceOrder, updateProfile, validateForm, renderMarkdown] = examples.map(({ name, file, context, check }) => ({
  name,
  source: readFileSync(file, 'utf8'),
  context,
  check: (outcome) => check(outcome),
}));

export const exampleHandlers = [priceOrder, updateProfile, validateForm];

/** Uses marked, 52 KB. */
export const markdown = {
  ...renderMarkdown,
  libraries: { marked: readFileSync(exampleLibraries.marked.file, 'utf8') },
};
