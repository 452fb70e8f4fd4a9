import type { NexusError } from '../errors/nexus-error.js';
import { renderReason } from '../support/render-reason.js';
import { failed, unusable } from '../suspension/server/failures.js';

const UNREACHABLE = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ETIMEDOUT',
  'EPIPE',
  'EAI_AGAIN',
]);
const NO_TABLES = new Set(['3F000', '42P01', '42883', '42703']);

/** What the application must change, by what PostgreSQL or its driver says; undefined for what may pass by itself. */
function misconfigured(code: string, reason: string, schema: string): readonly [string, string] | undefined {
  if (code === 'ENOTFOUND') {
    return ['there is no such host', 'Mend the host in the connectionString of the pool.'];
  }
  if (code === '28P01' || /client password must be a string/.test(reason)) {
    return ['PostgreSQL refuses the password', 'Give the pool the right user and password.'];
  }
  if (/no encryption|SSL off|SSL connection is required|sslmode|insecure connection/i.test(reason)) {
    return [
      'PostgreSQL takes encrypted connections only',
      'Give the pool `ssl: { ca }`, or `sslmode=verify-full` in its URL.',
    ];
  }
  if (/does not support SSL/.test(reason)) {
    return ['PostgreSQL does not speak TLS', 'Give the pool `ssl: false`, or turn `ssl` on in the server.'];
  }
  if (/self[- ]signed|unable to verify|certificate/i.test(reason)) {
    return [
      'the certificate of PostgreSQL is not trusted',
      'Give the pool the authority that signed it: `ssl: { ca }`.',
    ];
  }
  if (code.startsWith('28'))
    return ['PostgreSQL refuses the user', 'Give the pool another user, or allow it in pg_hba.conf.'];
  if (code === '3D000')
    return ['there is no such database', 'Create it, or mend the name in the connectionString of the pool.'];
  if (code === '42501') {
    return [
      `the user of the pool may not use the schema "${schema}"`,
      `GRANT USAGE ON SCHEMA "${schema}", and SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN it.`,
    ];
  }
  if (NO_TABLES.has(code)) return [`the schema "${schema}" is not complete`, migrate(schema)];
  return undefined;
}

export function migrate(schema: string): string {
  return `Call \`PostgresSuspensionStore.migrate(pool, { schema: '${schema}' })\` when you deploy, before the application starts.`;
}

/** An error of PostgreSQL, of its driver, or of the network. */
export function explain(error: unknown, schema: string): NexusError {
  const { code = '' } = error as { readonly code?: string };
  const reason = renderReason(error);
  const lasting = misconfigured(code, reason, schema);
  if (lasting !== undefined) return unusable(`${lasting[0]} (${reason})`, lasting[1], error);
  return failed(reason, remedyOf(code, reason), error);
}

function remedyOf(code: string, reason: string): string {
  if (code === '25006') return 'The server became read-only: point the pool at the primary.';
  if (code === '53100') return 'Its disk is full.';
  if (code === '53300') return 'Its connections are used up: make the pools smaller, or put PgBouncer before it.';
  if (code === '53200') return 'It is out of memory.';
  if (code === '57014') return 'The statement took longer than the statement_timeout of the user.';
  if (code.startsWith('57P')) return 'It is starting or stopping.';
  if (UNREACHABLE.has(code) || /terminated|timeout|closed/i.test(reason)) {
    return 'Look whether it runs, and whether host and port in the connectionString of the pool are right.';
  }
  return '';
}
