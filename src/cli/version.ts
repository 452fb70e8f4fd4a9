import { readFileSync } from 'node:fs';

/** Of this package. */
export function packageVersion(): string {
  // From dist/ it is one folder up; from src/cli/ or build/cli/, two.
  for (const place of ['../package.json', '../../package.json']) {
    try {
      const file = JSON.parse(readFileSync(new URL(place, import.meta.url), 'utf8')) as {
        name: string;
        version: string;
      };
      if (file.name === 'nexus-runtime') return file.version;
    } catch {
      // It is at the other place.
    }
  }
  return '0.0.0';
}
