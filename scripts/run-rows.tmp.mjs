import { everywhere } from './package/everywhere.mjs';

const [tarball, only, list] = process.argv.slice(2);
process.exitCode = everywhere(tarball, { only, list: list === '--list' }) > 0 ? 1 : 0;
