import { openShell } from '../shared/shell.js';

await openShell('runs', 'execute');
