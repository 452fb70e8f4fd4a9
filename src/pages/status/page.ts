import { openShell } from '../shared/shell.js';

await openShell('status', 'admin');
