import { describe, expect, it } from 'vitest';

import { describeStore } from '#src/testing/store/index.js';
import { HARNESSES } from './store-helpers.js';

for (const [title, makeHarness] of HARNESSES) describeStore(title, makeHarness, { describe, expect, it });
