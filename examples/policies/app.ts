// Rules of tenants: published with the capabilities that their plan covers, and executed for orders.
import {
  capabilitiesCover,
  createRuntime,
  NexusError,
  type NexusRuntime,
  type RuntimeObserver,
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

export interface AppOptions {
  readonly rate: Services['rate'];
  /** Told of executions, uses of capabilities and warnings. */
  readonly observer?: RuntimeObserver;
}

export class PolicyApp {
  readonly #runtime: NexusRuntime;
  readonly #store: RuleStore;
  readonly #services: Services;

  static async start({ rate, observer = {} }: AppOptions): Promise<PolicyApp> {
    const store = await RuleStore.open();
    return new PolicyApp(await createRuntime({ cacheDir: false, observer }), store, rate);
  }

  private constructor(runtime: NexusRuntime, store: RuleStore, rate: Services['rate']) {
    this.#runtime = runtime;
    this.#store = store;
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

  async close(): Promise<void> {
    await this.#runtime.shutdown();
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
