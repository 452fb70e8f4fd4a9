import { createRuntime } from '#src/index.js';
import { toAuthorLocation, wrapHandler } from '#src/source/wrapper.js';
import { openColumnOf } from './columns.mjs';

export function openColumn(name: string) {
  return openColumnOf(name, { createRuntime, toAuthorLocation, wrapHandler });
}
