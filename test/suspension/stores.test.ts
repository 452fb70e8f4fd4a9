import { describeStore } from './store-conformance.js';
import { HARNESSES } from './store-helpers.js';

for (const [title, makeHarness] of HARNESSES) describeStore(title, makeHarness);
