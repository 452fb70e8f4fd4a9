// For campaigns, which test what was built.
import { createRuntime } from 'nexus-runtime';
import { toAuthorLocation, wrapHandler } from '#build/source/wrapper.js';

import { openColumnOf } from './columns.mjs';

export { COLUMNS } from './columns.mjs';

export function openColumn(name, options) {
  return openColumnOf(name, { createRuntime, toAuthorLocation, wrapHandler }, options);
}
