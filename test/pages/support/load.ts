import type { NexusRuntime, WasmContext } from 'nexus-runtime';

const HANDLERS: readonly (readonly [weight: number, handlerName: string, code: string, context: WasmContext])[] = [
  [
    30,
    'price-cart',
    '$state.total = $args.items.reduce((sum, item) => sum + item.price, 0);\nreturn $state.total',
    { args: { items: [{ price: 3 }, { price: 4 }] }, capabilities: ['state:read:*', 'state:write:*'] },
  ],
  [20, 'route-ticket', 'let n = 0;\nfor (let i = 0; i < 3000; i++) n += i % 7;\nreturn n', {}],
  [
    10,
    'render-invoice',
    'const rows = [];\nfor (let i = 0; i < 400; i++) rows.push("x".repeat(i % 50));\nreturn rows.length',
    {},
  ],
  [1, 'lookup', 'const user = $args.user;\nreturn user.address.street', { args: { user: {} } }],
];
const TENANTS = ['acme', 'northwind', 'globex', 'initech'];
/** Two at a time: that a page is live is to be seen, and not how fast the runtime is. */
const AT_ONCE = 2;

export interface Load extends AsyncDisposable {
  /** Resolves when a handler that does not end was stopped. */
  readonly hasTimedOut: Promise<void>;
  /** Resolves when there was so much that a picture shows it; at once if no pictures are wanted. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Executes handlers of some tenants until it is stopped. */
export async function busily(runtime: NexusRuntime): Promise<Load> {
  let isStopped = false;
  let number = 0;
  const next = () => {
    // The same order each time.
    number = (number * 1_103_515_245 + 12_345) % 2_147_483_648;
    return number / 2_147_483_648;
  };
  const all = HANDLERS.reduce((sum, [weight]) => sum + weight, 0);
  const loop = async () => {
    while (!isStopped) {
      let at = next() * all;
      const chosen = HANDLERS.find(([weight]) => {
        at -= weight;
        return at < 0;
      });
      const [, handlerName, code, context] = chosen ?? (HANDLERS[0] as (typeof HANDLERS)[number]);
      const tenant = TENANTS[Math.floor(next() ** 2 * TENANTS.length)] as string;
      await runtime.executeHandler(code, { handlerName, ...context }, { tenant });
      await new Promise((resolve) => setTimeout(resolve, next() * 16));
    }
  };
  const endless = async () => {
    await runtime.executeHandler('for (;;) {}', { handlerName: 'endless' }, { tenant: 'initech', timeoutMs: 200 });
  };
  const longer = async () => {
    const code = 'let n = 0;\nfor (let i = 0; i < 3e6; i++) n += i % 7;\nreturn n';
    while (!isStopped) await runtime.executeHandler(code, { handlerName: 'month-end-report' }, { tenant: 'northwind' });
  };
  const loops = Array.from({ length: AT_ONCE }, loop);
  const hasTimedOut = endless();
  const stop = async () => {
    isStopped = true;
    await Promise.all([...loops, hasTimedOut]);
  };
  return {
    hasTimedOut,
    settled: async () => {
      if (process.env['NEXUS_PICTURES'] !== '1') return;
      await new Promise((resolve) => setTimeout(resolve, 90_000));
      loops.push(longer());
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
