import type { Case } from './case.js';
import { MISSING } from './missing.js';
import { SYNTAX } from './syntax.js';
import { WHICH } from './which.js';

/** Typical mistakes of authors and language models, for docs/errors.md. Each is a case, and so has the error that the page shows. */
export const MISTAKES: readonly { readonly title: string; readonly cases: readonly Case[] }[] = [
  { title: 'What fails while it runs', cases: WHICH },
  { title: 'What a handler does not have', cases: MISSING },
  { title: 'What does not compile', cases: SYNTAX },
];
