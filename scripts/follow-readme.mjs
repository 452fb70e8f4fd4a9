// Follows the README as a new user would: in an empty folder, command by command and program by program, comparing what each prints
// with what the README says.
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = /^```(?<language>sh|js)\n(?<text>[\s\S]*?)^```(?:\n+(?:prints\n+)?^```\n(?<output>[\s\S]*?)^```)?/gm;
/** What is done in a clone of the repository, not in a project of one's own: CI does it. */
const IN_A_CLONE = /^npm ci\b/;

/** @param tarball what `npm install nexus-runtime` would get */
export function followReadme(readme, folder, tarball) {
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  let programs = 0;
  for (const { groups } of readme.matchAll(BLOCK)) {
    const { language, text, output } = groups;
    if (language === 'sh') {
      for (const line of text.trim().split('\n')) if (!IN_A_CLONE.test(line)) runCommand(line, folder, tarball);
      continue;
    }
    const file = `program-${++programs}.js`;
    writeFileSync(join(folder, file), text);
    const printed = execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8' });
    if (output !== undefined) assert.equal(printed.trim(), output.trim(), `program ${programs} of the README`);
  }
  return programs;
}

function runCommand(line, folder, tarball) {
  const command = line.replace(/\s+#.*/, '');
  if (/^echo /.test(command)) {
    execSync(command, { cwd: folder });
    return;
  }
  const [, packages] = /^npm install (.+)$/.exec(command) ?? [];
  if (packages === undefined) throw new Error(`the README has a command that nobody follows: ${line}`);
  const wanted = packages.replace(/\bnexus-runtime\b/, tarball);
  execSync(`npm install --silent --no-audit --no-fund ${wanted}`, { cwd: folder, stdio: 'inherit' });
}
