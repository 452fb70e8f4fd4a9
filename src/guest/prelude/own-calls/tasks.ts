import { nullArray, PromiseConstructor } from '../intrinsics.js';
import { noteTasks } from '../shared-cells.js';

/** An answer of the host: `[callId, whether it succeeded, value or error]`. */
export type Answer = readonly [callId: string, succeeded: boolean, value: unknown];

/**
 * Tasks as the web has them: answers that are not to be given at once, but each when all that came of the one before is done. When no jobs
 * are left, the host asks for the next one.
 */
interface Task {
  readonly answer: Answer;
  readonly run: (answer: Answer) => void;
}

const tasks = nullArray<Task>([]);
let next = 0;

export function addTask(answer: Answer, run: (answer: Answer) => void): void {
  tasks[tasks.length] = { answer, run };
  noteTasks(true);
}

/** Removes the answer to a call that is not wanted any more. */
export function dropTask(callId: string): void {
  let kept = next;
  for (let i = next; i < tasks.length; i++) {
    const task = tasks[i] as Task;
    if (task.answer[0] !== callId) tasks[kept++] = task;
  }
  tasks.length = kept;
  if (next === kept) forgetTasks();
}

/** An error that a task throws counts as that of a promise that nobody handles. */
export function nextTask(): void {
  const task = tasks[next++];
  if (next >= tasks.length) forgetTasks();
  if (task === undefined) return;
  try {
    task.run(task.answer);
  } catch (error) {
    new PromiseConstructor((_, reject) => reject(error));
  }
}

function forgetTasks(): void {
  tasks.length = 0;
  next = 0;
  noteTasks(false);
}
