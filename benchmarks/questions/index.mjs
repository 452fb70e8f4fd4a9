// All questions, in the order of the report. Each is a program of this folder by its id.
export const QUESTIONS = [
  { id: 'pristine', title: 'A pristine execution in one thread' },
  { id: 'pool', title: 'Through the pool' },
  { id: 'pool-load', title: 'The pool with large contexts, more workers, several tenants' },
  { id: 'library', title: 'A handler on a library' },
  { id: 'diversity', title: 'Many different handlers' },
  { id: 'context', title: 'Large contexts' },
  { id: 'suspend', title: 'Suspend and resume' },
  { id: 'suspend-parts', title: 'The parts of a suspension' },
  { id: 'suspend-many', title: 'Very many suspended handlers' },
  { id: 'suspension-store', title: 'The stores of suspended handlers' },
  { id: 'memory', title: 'Memory' },
  { id: 'start', title: 'Cold start' },
  { id: 'heavy', title: 'Heavy computation' },
  { id: 'contract', title: 'The parts of the contract' },
  { id: 'cache', title: 'The compile cache' },
  { id: 'metrics', title: 'Metrics and events' },
];
