import type { RuntimeObserver } from '../api/observing/observer.js';
import type { Keys } from './check.js';

export const OBSERVER_KEYS: Keys<RuntimeObserver> = {
  onExecution: true,
  onCompile: true,
  onSuspension: true,
  onResume: true,
  onCache: true,
  onKill: true,
  onAudit: true,
  onUsage: true,
  onWarning: true,
  onExpired: true,
  onLog: true,
};
