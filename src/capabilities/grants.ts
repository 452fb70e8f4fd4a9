import type { CapabilityKind } from '../api/capability.js';
import { describe } from '../config/check.js';
import { NexusError } from '../errors/nexus-error.js';
import { covers, type Grant } from '../protocol/grant.js';
import { CAPABILITY_KINDS, parseToken } from './token.js';

const NOTHING: Grant = [];

/** The capabilities that a list of tokens grants, by kind. Everything else is denied. */
export class Grants {
  readonly #byKind: ReadonlyMap<CapabilityKind, Grant>;

  /** @throws NexusError INVALID_ARGUMENT naming the token that does not follow the grammar */
  static parse(tokens: readonly string[], field = 'context.capabilities'): Grants {
    const byKind = new Map<CapabilityKind, Grant>();
    tokens.forEach((token, index) => {
      const parsed = parseToken(token);
      if (parsed === undefined) throw invalidToken(field, token, index);
      const grant = byKind.get(parsed.kind) ?? NOTHING;
      if (grant !== true) byKind.set(parsed.kind, parsed.pattern === '*' ? true : [...grant, parsed.pattern]);
    });
    return new Grants(byKind);
  }

  private constructor(byKind: ReadonlyMap<CapabilityKind, Grant>) {
    this.#byKind = byKind;
  }

  grant(kind: CapabilityKind): Grant {
    return this.#byKind.get(kind) ?? NOTHING;
  }

  allows(kind: CapabilityKind, name: string): boolean {
    return covers(this.grant(kind), name);
  }
}

function invalidToken(field: string, token: unknown, index: number): NexusError {
  return new NexusError(
    'INVALID_ARGUMENT',
    `${field}[${index}] is ${describe(token)}; a capability is one of ` +
      `${CAPABILITY_KINDS.map((kind) => (kind === 'net' ? '"net:METHOD:HOST"' : `"${kind}:NAME"`)).join(', ')}, where a name may end in "*"`,
    { context: { field: `${field}[${index}]`, value: token } },
  );
}
