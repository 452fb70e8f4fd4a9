// Follows the README as a new user would: in an empty folder, command by command and program by program.
// Compares the output of each program with the README.
import assert from 'node:assert/strict';
import { execFileSync, execSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

const BLOCK = /^```(?<language>sh|js)\n(?<text>[\s\S]*?)^```(?:\n+(?:prints\n+)?^```\n(?<output>[\s\S]*?)^```)?/gm;
/** Commands for a clone of the repository: CI runs them. */
const IN_A_CLONE = /^npm ci\b/;

/** @param tarball the package that `npm install nexus-runtime` would install */
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
  const [, args] = /^npx nexus (.+)$/.exec(command) ?? [];
  if (args !== undefined) {
    // Servers do not end by themselves: `test/cli/serve.test.ts` and `dev.test.ts` have them.
    if (/^(?:serve|dev)\b/.test(args)) return;
    const nexus = join(folder, 'node_modules', '.bin', 'nexus');
    execSync(`${nexus} ${args}`, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'], timeout: 60_000 });
    return;
  }
  const [, packages] = /^npm install (.+)$/.exec(command) ?? [];
  if (packages === undefined) throw new Error(`the README has a command that nobody follows: ${line}`);
  const wanted = packages.replace(/\bnexus-runtime\b/, tarball);
  execSync(`npm install --silent --no-audit --no-fund ${wanted}`, { cwd: folder, stdio: 'inherit' });
}
