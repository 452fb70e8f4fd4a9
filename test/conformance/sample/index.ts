import type { Area } from './area.js';
import { asyncOrder } from './async-order.js';
import { builtins } from './builtins.js';
import { classes } from './classes.js';
import { completion } from './completion.js';
import { dates } from './dates.js';
import { destructuring } from './destructuring.js';
import { generators } from './generators.js';
import { iteration } from './iteration.js';
import { loops } from './loops.js';
import { numbers } from './numbers.js';
import { proxies } from './proxies.js';
import { scopes } from './scopes.js';
import { text } from './text.js';

/** Programs of ours for each part of the language. */
export const SAMPLE: readonly Area[] = [
  loops,
  completion,
  destructuring,
  iteration,
  classes,
  generators,
  asyncOrder,
  numbers,
  builtins,
  text,
  dates,
  proxies,
  scopes,
];
