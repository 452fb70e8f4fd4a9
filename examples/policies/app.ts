// Rules of tenants: published with the capabilities that their plan covers, and executed for orders.
import {
  type AuditLog,
  auditLog,
  capabilitiesCover,
  createRuntime,
  memoryQuota,
  NexusError,
  type NexusRuntime,
  type RuntimeObserver,
  type TenantQuota,
  type WasmError,
} from 'nexus-runtime';

import { type Decision, decision, extensionsFor, order, type Services } from './schemas.js';
import { RuleStore } from './store.js';

/** What a rule may do at most, by the plan of its tenant. */
const PLANS = {
  basic: ['state:read:threshold'],
  plus: ['state:read:*', 'events:emit:order.*', 'ext:customers', 'ext:money.rate'],
} satisfies Record<string, readonly string[]>;
export type Plan = keyof typeof PLANS;
/** Decisions that a tenant may ask for in a day. */
const DECISIONS_A_DAY = { basic: 2, plus: 10_000 } satisfies Record<Plan, number>;
const DAY_MS = 24 * 60 * 60 * 1000;

export interface Tenant {
  readonly name: string;
  readonly plan: Plan;
  readonly settings: TenantSettings;
}

/** The `$state` of the rules. */
export interface TenantSettings {
  readonly threshold: number;
}

/** The events that rules emit. Rules are not trusted, so this is what they should be, and each is looked at. */
interface RuleEvents {
  readonly 'order.flagged': unknown;
}

export type Publication =
  | { readonly published: true; readonly version: number }
  | { readonly published: false; readonly problem: string };

/** What became of an order: the rule's decision, or why there is none, in the words of whoever has to act. */
export type Outcome =
  | { readonly kind: 'decided'; readonly decision: Decision; readonly flags: number }
  | { readonly kind: 'invalid order'; readonly problem: string }
  | { readonly kind: 'rule failed'; readonly problem: string; readonly snippet: string | undefined };

/** What a tenant used so far. */
export interface Bill {
  readonly decisions: number;
  readonly calls: number;
  readonly instructions: number;
}

export interface AppOptions {
  readonly rate: Services['rate'];
  readonly tenants: readonly Tenant[];
  /** Where every use of a capability is written. If it cannot be, no rule runs. */
  readonly auditFile: string;
  /** Told of executions and warnings. */
  readonly observer?: Omit<RuntimeObserver, 'onAudit'>;
}

export class PolicyApp {
  readonly #runtime: NexusRuntime;
  readonly #store: RuleStore;
  readonly #audit: AuditLog;
  readonly #services: Services;

  static async start({ rate, tenants, auditFile, observer = {} }: AppOptions): Promise<PolicyApp> {
    const audit = auditLog({ file: auditFile });
    const budgetOf = ({ name, plan }: Tenant): [string, TenantQuota] => [
      name,
      { budget: { periodMs: DAY_MS, executions: DECISIONS_A_DAY[plan] } },
    ];
    const runtime = await createRuntime({
      cacheDir: false,
      observer: { ...observer, onAudit: audit.onAudit },
      quota: memoryQuota({ concurrency: 8, tenants: Object.fromEntries(tenants.map(budgetOf)) }),
    });
    return new PolicyApp(runtime, await RuleStore.open(), audit, rate);
  }

  private constructor(runtime: NexusRuntime, store: RuleStore, audit: AuditLog, rate: Services['rate']) {
    this.#runtime = runtime;
    this.#store = store;
    this.#audit = audit;
    this.#services = { rate, ordersOf: async (tenant, customer) => store.countOrders(tenant, customer) };
  }

  /** Stores a rule if it compiles and the tenant's plan covers what it needs. */
  publish({ name: tenant, plan }: Tenant, name: string, source: string): Publication {
    try {
      const needed = this.#runtime.inferCapabilities(source);
      const missing = needed.filter((one) => !capabilitiesCover(PLANS[plan], [one]));
      if (missing.length > 0) return { published: false, problem: `the plan ${plan} lacks ${missing.join(', ')}` };
      return { published: true, version: this.#store.publish(tenant, name, source, needed) };
    } catch (error) {
      if (!(error instanceof NexusError)) throw error;
      return { published: false, problem: error.message };
    }
  }

  /** @param given from a request: nothing is known of it */
  async decide({ name: tenant, settings }: Tenant, name: string, given: unknown): Promise<Outcome> {
    const parsed = order.safeParse(given);
    if (!parsed.success) return { kind: 'invalid order', problem: describe(parsed.error.issues) };
    const rule = this.#store.latest(tenant, name);
    if (rule === undefined) return { kind: 'rule failed', problem: `there is no rule ${name}`, snippet: undefined };
    const result = await this.#runtime.run<{ readonly result: typeof decision }, RuleEvents>(
      rule.source,
      {
        handlerName: `${name}@${rule.version}`,
        stateSnapshot: settings,
        args: parsed.data,
        capabilities: rule.capabilities,
      },
      {
        extensions: extensionsFor(tenant, this.#services),
        schemas: { result: decision },
        tenant,
        deadlineMs: 10_000,
        filename: `${name}.js`,
      },
    );
    switch (result.status) {
      case 'success': {
        this.#store.addOrder(tenant, parsed.data.customer);
        const flags = result.events.filter((event) => event.name === 'order.flagged').length;
        return { kind: 'decided', decision: result.returnValue, flags };
      }
      case 'error':
        return { kind: 'rule failed', problem: problemOf(result.error), snippet: result.error.snippet };
      case 'suspended':
        throw new Error('a run ends, or fails');
      default:
        return result satisfies never;
    }
  }

  bill({ name }: Tenant): Bill {
    const { executions = 0, calls = 0, instructions = 0 } = this.#runtime.getUsage(name) ?? {};
    return { decisions: executions, calls, instructions };
  }

  async close(): Promise<void> {
    await this.#runtime.shutdown();
    await this.#audit.close();
    this.#store.close();
  }
}

/** For the tenant who wrote the rule. */
function problemOf({ code, message }: WasmError): string {
  return code === 'EXECUTION_ERROR' ? message : `${code}: ${message}`;
}

function describe(issues: readonly { readonly path: readonly PropertyKey[]; readonly message: string }[]): string {
  return issues.map(({ path, message }) => `${path.map(String).join('.')}: ${message}`).join('; ');
}
