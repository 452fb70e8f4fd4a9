import './runs.css';

import { openShell } from '../shared/shell.js';
import { showRun } from './detail.js';
import { showList } from './list.js';

const shell = await openShell('runs', 'execute');
const runId = new URLSearchParams(location.search).get('run');
if (runId === null) showList(shell);
else showRun(runId, shell);
