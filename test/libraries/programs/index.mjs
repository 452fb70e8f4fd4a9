import { FORMATS } from './formats.mjs';
import { NETWORKING } from './network.mjs';
import { SCHEMAS } from './schemas.mjs';
import { TEMPLATES } from './templates.mjs';
import { VALUES } from './values.mjs';

/**
 * The rows of the table in docs/libraries.md, by group. Each has
 *
 * - `package`, which is installed; `title`, if the row is not called like it; `install`, packages that replace builtins of Node
 * - `libraries`: what the runtime gets. Default: `{ it: package }`
 * - `run`: the program, a function of `$lib`. It runs in Node and in a handler, and both have to return the same
 * - `host` and `prepare`: modules of the host, and a function of them that makes further libraries, such as compiled templates
 * - `note` and `instead`: for the table, the latter for what cannot work
 * - `noReference`: without a network there is no answer to compare with
 */
export const GROUPS = {
  'Collections, numbers, dates': VALUES,
  'Checking and querying': SCHEMAS,
  'Formats and texts': FORMATS,
  Templates: TEMPLATES,
  'Identifiers, cryptography, network': NETWORKING,
};

export const titleOf = (row) => row.title ?? row.package;
