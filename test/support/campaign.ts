import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** What a campaign prints and how it ends, in its quick form unless told otherwise. Its output names what was violated. */
export async function runCampaign(
  script: URL,
  options: readonly string[] = ['--quick'],
): Promise<{ readonly stdout: string; readonly stderr: string; readonly code: number }> {
  return promisify(execFile)(process.execPath, [fileURLToPath(script), ...options]).then(
    ({ stdout, stderr }) => ({ stdout, stderr, code: 0 }),
    (error) => error as { stdout: string; stderr: string; code: number },
  );
}
