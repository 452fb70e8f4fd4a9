import type { NexusError } from '../errors/nexus-error.js';
import { renderReason } from '../support/render-reason.js';
import { failed, unusable } from '../suspension/server/failures.js';

/** What the application must change, by what Redis or its client says; undefined for what may pass by itself. */
function misconfigured(code: string, reason: string): readonly [string, string] | undefined {
  if (code === 'ENOTFOUND') return ['there is no such host', 'Mend the host of the client.'];
  if (/WRONGPASS|NOAUTH|invalid (username|password)|called without any password/i.test(reason)) {
    return ['Redis refuses the password', 'Give the client the right username and password.'];
  }
  if (/NOPERM/.test(reason)) {
    return [
      'the user of the client may not do what the store does',
      'Allow it EVAL, EVALSHA, and the keys and commands of the scripts: `~<prefix>* +@all -@dangerous +info`.',
    ];
  }
  if (/wrong version number|packet length too long|ERR_SSL/i.test(`${code} ${reason}`)) {
    return [
      'Redis does not speak TLS on this port',
      'Take `tls` from the client, or use a URL that begins with redis://.',
    ];
  }
  if (/Protocol error, got/.test(reason)) {
    return [
      'Redis takes TLS connections only on this port',
      'Give the client `tls: {}`, or a URL that begins with rediss://.',
    ];
  }
  if (/self[- ]signed|unable to verify|certificate/i.test(reason)) {
    return ['the certificate of Redis is not trusted', 'Give the client the authority that signed it: `tls: { ca }`.'];
  }
  if (/^(ReplyError: )?MOVED/.test(reason)) {
    return ['the server is a node of a Cluster', 'Use `new Redis.Cluster([…])` as client.'];
  }
  return undefined;
}

/** An error of Redis, of its client, or of the network. */
export function explain(error: unknown): NexusError {
  const { code = '' } = error as { readonly code?: string };
  const reason = renderReason(error);
  const lasting = misconfigured(String(code), reason);
  if (lasting !== undefined) return unusable(`${lasting[0]} (${reason})`, lasting[1], error);
  return failed(reason, remedyOf(reason), error);
}

function remedyOf(reason: string): string {
  if (/OOM/.test(reason))
    return 'Its memory is used up: raise maxmemory, or keep outcomes for a shorter time (outcomeRetentionMs).';
  if (/READONLY/.test(reason)) return 'The server became a replica: have the client reconnect to the primary.';
  if (/MISCONF/.test(reason)) return 'It cannot write to its disk.';
  if (/NOREPLICAS/.test(reason)) return 'It has fewer replicas than min-replicas-to-write.';
  if (/LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN/.test(reason)) return 'It is starting, or changing its nodes.';
  if (/ECONNRESET|EPIPE/.test(reason)) {
    return 'It closed the connection. If it takes TLS connections only, give the client `tls: {}`, or a URL that begins with rediss://.';
  }
  if (/ECONN|ETIMEDOUT|EAI_AGAIN|Connection is closed|max retries/i.test(reason)) {
    return 'Look whether it runs, and whether host and port of the client are right.';
  }
  return '';
}

export function isReply(error: unknown): boolean {
  return (error as { readonly name?: string } | undefined)?.name === 'ReplyError';
}
