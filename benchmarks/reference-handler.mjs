// The handler that executions are measured with: it reads and writes state, emits one event, returns.
export const SOURCE = `
$state.count = ($state.count ?? 0) + $args.n;
$emit('counted', { count: $state.count });
return $state.count;
`;
export const CONTEXT = {
  stateSnapshot: { count: 5, user: { name: 'Ada', roles: ['admin', 'author'] } },
  args: { n: 3 },
  scope: {},
  capabilities: ['state:read:*', 'state:write:*', 'events:emit:*'],
};
/** What it returns for {@link CONTEXT}. */
export const EXPECTED = 8;
