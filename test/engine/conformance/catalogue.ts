import type { Subject } from './program.js';
import { accessors } from './programs/accessors.js';
import { arrays } from './programs/arrays.js';
import { asyncFunctions } from './programs/async.js';
import { bigints } from './programs/bigint.js';
import { binaryData } from './programs/binary-data.js';
import { classes } from './programs/classes.js';
import { closures } from './programs/closures.js';
import { collections } from './programs/collections.js';
import { controlFlow } from './programs/control-flow.js';
import { dates } from './programs/dates.js';
import { destructuring } from './programs/destructuring.js';
import { exceptions } from './programs/exceptions.js';
import { formatLimits } from './programs/format-limits.js';
import { functions } from './programs/functions.js';
import { generators } from './programs/generators.js';
import { iterators } from './programs/iterators.js';
import { json } from './programs/json.js';
import { largerAlgorithms } from './programs/larger-algorithms.js';
import { largerHandlers } from './programs/larger-handlers.js';
import { numbers } from './programs/numbers.js';
import { objects } from './programs/objects.js';
import { operators } from './programs/operators.js';
import { privateMembers } from './programs/private-members.js';
import { promises } from './programs/promises.js';
import { proxies } from './programs/proxy-reflect.js';
import { regexps } from './programs/regexp.js';
import { scripts } from './programs/scripts.js';
import { strings } from './programs/strings.js';
import { symbols } from './programs/symbols.js';
import { templates } from './programs/templates.js';
import { unicode } from './programs/unicode.js';

export const SUBJECTS: readonly Subject[] = [
  accessors,
  arrays,
  asyncFunctions,
  bigints,
  binaryData,
  classes,
  closures,
  collections,
  controlFlow,
  dates,
  destructuring,
  exceptions,
  formatLimits,
  functions,
  generators,
  iterators,
  json,
  largerAlgorithms,
  largerHandlers,
  numbers,
  objects,
  operators,
  privateMembers,
  promises,
  proxies,
  regexps,
  scripts,
  strings,
  symbols,
  templates,
  unicode,
];
