import { describeStore } from './store-conformance.js';
import { HARNESSES } from './support.js';

for (const [title, makeHarness] of HARNESSES) describeStore(title, makeHarness);
