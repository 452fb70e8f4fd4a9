import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a campaign prints and how it ends, in its quick form. Its output names what was violated. */
export async function runCampaign(script: URL): Promise<{ readonly stdout: string; readonly code: number }> {
  return promisify(execFile)(process.execPath, [fileURLToPath(script), '--quick']).then(
    ({ stdout }) => ({ stdout, code: 0 }),
    (error) => error as { stdout: string; code: number },
  );
}
