/** Limits that the engine itself reports, in its own words; ours name the option. */
export const ENGINE_LIMITS = {
  MEMORY_LIMIT: {
    code: 'MEMORY_LIMIT',
    message: 'The handler needed more memory than memoryLimitBytes allows.',
    context: { limit: 'memoryLimitBytes' },
  },
  STACK_OVERFLOW: {
    code: 'STACK_OVERFLOW',
    message: 'The handler recursed or nested deeper than stackSizeBytes allows.',
    context: { limit: 'stackSizeBytes' },
  },
} as const;
