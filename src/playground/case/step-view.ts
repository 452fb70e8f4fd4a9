import type { Extension } from '../../api/extension.js';
import type { ExtensionCall } from '../../api/result.js';
import { differencesOf } from '../../testing/recording/differences.js';
import { mutated, type TestState } from '../../testing/state.js';
import type { AnswerView, ChangeView, StepView } from '../contract.js';
import type { TimedAnswer } from './live-calls.js';
import { findMethod } from './live-calls.js';
import type { CaseStep } from './run-case.js';
import { callText, cut, errorText, lineText, VALUE_BYTES, valueText, WHOLE_BYTES } from './texts.js';

/** Of each kind, in one step. More of them tell a reader nothing. */
const MAX_SHOWN = 200;

/** Turns the steps of a run into what the page shows. */
export class StepViews {
  readonly #extensions: Readonly<Record<string, Extension>>;
  #state: TestState;

  /** @param state before the run */
  constructor(state: object | undefined, extensions: Readonly<Record<string, Extension>>) {
    this.#state = mutated(state);
    this.#extensions = extensions;
  }

  view({ index, nowMs, atMs, answers, isRepeated, result, calls }: CaseStep): StepView {
    const { stateMutations, events, viewCommands, logs, suspension, metrics } = result;
    const before = this.#state;
    this.#state = mutated(before, stateMutations);
    const changes = differencesOf(before, this.#state, '');
    const lists = [changes, events, viewCommands, logs];
    const wakeAtMs = suspension?.wakeAt?.getTime();
    return {
      index,
      nowMs,
      atMs,
      isRepeated,
      durationUs: metrics.durationUs,
      answers: answers.slice(0, MAX_SHOWN).map((answer) => answerView(answer, calls)),
      changes: changes.slice(0, MAX_SHOWN).map(changeView),
      state: valueText(this.#state, WHOLE_BYTES),
      events: events
        .slice(0, MAX_SHOWN)
        .map(({ name, payload }) => ({ name: cut(name, 200), text: lineText(payload) })),
      views: viewCommands.slice(0, MAX_SHOWN).map(({ type, componentId = '', args }) => ({
        name: cut(`${type} ${componentId}`.trim(), 200),
        text: args.map(lineText).join(', '),
      })),
      logs: logs.slice(0, MAX_SHOWN).map(({ level, message }) => ({ level, text: cut(message, VALUE_BYTES) })),
      omitted: lists.reduce((sum, list) => sum + Math.max(0, list.length - MAX_SHOWN), 0),
      waitingFor: (suspension?.calls ?? []).slice(0, MAX_SHOWN).map((call) => ({
        callId: call.callId,
        call: callText(call),
        method: `${call.extensionName}.${call.method}`,
        hasExtension: findMethod(this.#extensions, call) !== undefined,
      })),
      ...(wakeAtMs !== undefined && { wakeAtMs }),
    };
  }
}

function answerView(
  { answer, source, fromMs, toMs }: TimedAnswer,
  calls: ReadonlyMap<string, ExtensionCall>,
): AnswerView {
  const call = calls.get(answer.callId);
  // Of its own calls the runtime tells nothing but the answer: a timer has none.
  const isTimer = answer.success && answer.value === undefined;
  return {
    callId: answer.callId,
    call: call === undefined ? (isTimer ? 'timer' : 'fetch') : callText(call),
    success: answer.success,
    text: answer.success ? lineText(answer.value) : errorText(answer.error),
    source: call === undefined ? 'runtime' : source,
    ...(fromMs !== undefined && { fromMs }),
    ...(toMs !== undefined && { toMs }),
  };
}

function changeView({ path, recorded, replayed }: ReturnType<typeof differencesOf>[number]): ChangeView {
  return {
    path: cut(path, 300),
    ...(recorded !== undefined && { before: lineText(recorded) }),
    ...(replayed !== undefined && { after: lineText(replayed) }),
  };
}
