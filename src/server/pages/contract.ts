// What the server tells the pages. Both sides import it; it imports nothing.

/** `GET /ui/session`: who asks, and what there is for them. */
export interface Session {
  /** The name of the token; absent where none is needed. */
  readonly name?: string;
  /** Whose handlers and runs it sees; absent for all. */
  readonly tenant?: string;
  readonly scopes: readonly ('execute' | 'metrics' | 'admin')[];
  /** Names of the pages that the server has. */
  readonly pages: readonly string[];
}

/** The first event of `GET /ui/status/events`, `hello`. */
export interface StatusHello {
  /** Upper bounds of the buckets of execution times, in microseconds; there is one bucket more, for what is above. */
  readonly boundsUs: readonly number[];
  /** The last minutes, the oldest first. */
  readonly frames: readonly StatusFrame[];
}

/** What happened in one second, or however long there was between two looks. */
export interface StatusFrame {
  /** Its end, in milliseconds since the epoch. */
  readonly at: number;
  readonly ms: number;
  readonly executions: number;
  readonly errors: number;
  readonly kills: number;
  /** Executions by time, a count for each bucket. */
  readonly times: readonly number[];
  /** At its end. */
  readonly queued: number;
  readonly busy: number;
}

/** The event `now`, each second: how it is, and totals since the start. */
export interface StatusNow {
  readonly frame: StatusFrame;
  readonly uptimeMs: number;
  readonly executions: number;
  readonly errors: Readonly<Record<string, number>>;
  readonly kills: Readonly<Record<string, number>>;
  readonly retirements: Readonly<Record<string, number>>;
  readonly pool: { readonly busy: number; readonly idle: number; readonly starting: number };
  /** The first of them, if there are very many. */
  readonly workers: readonly WorkerNow[];
  readonly vmBytes: number;
  readonly cache: {
    readonly hitRate: number;
    readonly misses: number;
    readonly compilations: number;
    readonly tiers: readonly CacheTierNow[];
  };
  readonly suspended: { readonly here: number; readonly waiting: number; readonly bytes: number };
  readonly runs: {
    readonly started: number;
    readonly working: number;
    readonly postponed: number;
    readonly ended: Readonly<Record<string, number>>;
    /** Nobody works on them, and their time has come: at most {@link StatusNow.mostDue} are counted. Absent before it was looked. */
    readonly due?: number;
  };
  readonly mostDue: number;
  readonly server: {
    readonly inFlight: number;
    readonly streams: number;
    readonly responses: Readonly<Record<string, number>>;
    readonly isDraining: boolean;
  };
}

export interface WorkerNow {
  readonly id: number;
  readonly state: 'starting' | 'idle' | 'compiling' | 'executing' | 'working';
  readonly handler?: string;
  readonly tenant?: string;
  readonly runningMs?: number;
  readonly memoryBytes: number;
}

export interface CacheTierNow {
  readonly name: 'memory' | 'disk' | 'remote';
  readonly entries?: number;
  readonly bytes?: number;
  readonly hits: number;
  readonly evictions?: number;
  readonly rejections?: number;
}

/** The event `tenants`, each few seconds: those that used most. */
export interface StatusTenants {
  readonly tenants: readonly TenantNow[];
  /** Of all, whether they are among them or not. */
  readonly total: number;
}

export interface TenantNow {
  /** Absent for calls without a tenant. */
  readonly tenant?: string;
  /** The sum of those that are not kept apart. */
  readonly isOthers?: true;
  readonly executions: number;
  readonly errors: number;
  readonly instructions: number;
  readonly cpuUs: number;
  readonly handlers: number;
}

/** The event `errors`: kinds of errors that are new, or happened again. */
export interface StatusErrors {
  readonly errors: readonly ErrorNow[];
}

/** Errors that are the same but for their time. */
export interface ErrorNow {
  /** The same for the same error. */
  readonly id: number;
  readonly code: string;
  readonly message: string;
  readonly count: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly handler?: string;
  readonly tenant?: string;
  readonly line?: number;
  readonly column?: number;
  readonly file?: string;
  readonly snippet?: string;
}
