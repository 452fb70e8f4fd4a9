import { stacks as disposableStacks, using } from './disposal.js';
import { captured, dates, overflows, stacks } from './errors.js';
import { bytesAsText, fromAsync, jsonSource, newer, regexpEscape, weakReferences } from './features.js';
import { order, parameters } from './functions.js';
import { asyncGenerators, closing, iteratorHelpers } from './iteration.js';
import { forAwait, loopVariables, yieldInHeads } from './loops.js';
import { bigints, changedTypedArrays, literals, unsignedBigints } from './numbers.js';
import { comparators, proxyKeys, spreadTexts, templateObjects } from './objects.js';
import type { Kind } from './program.js';
import { templates } from './templates.js';

export const KINDS: readonly Kind[] = [
  loopVariables,
  yieldInHeads,
  forAwait,
  bigints,
  unsignedBigints,
  changedTypedArrays,
  literals,
  spreadTexts,
  proxyKeys,
  templateObjects,
  comparators,
  templates,
  iteratorHelpers,
  closing,
  asyncGenerators,
  parameters,
  order,
  stacks,
  captured,
  overflows,
  dates,
  using,
  disposableStacks,
  fromAsync,
  bytesAsText,
  weakReferences,
  regexpEscape,
  jsonSource,
  newer,
];
