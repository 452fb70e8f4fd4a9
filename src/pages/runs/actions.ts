import { RequestRefusal } from '../shared/api.js';
import { h, text } from '../shared/dom.js';
import { answerCall, type Call, cancelRun, retryRun, type ShownRun, signalRun } from './api.js';

export interface ActionsOptions {
  readonly runId: string;
  /** Told what came of an action. */
  readonly onDone: (message: string, kind: 'done' | 'error') => void;
}

const OUTCOMES: Readonly<Record<string, string>> = {
  accepted: 'accepted',
  duplicate: 'not used: it came before',
};

/** A form that answers one call. */
export function answerForm({ callId }: Call, { runId, onDone }: ActionsOptions): HTMLElement {
  const id = `answer-${callId}`;
  const value = h('textarea', { id, spellcheck: 'false', placeholder: 'a value as JSON: true, "text", { "id": 7 }' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const send = (success: boolean) => (event: Event) => {
    event.preventDefault();
    const read = readJson(value.value, success ? undefined : 'The call failed.');
    text(problem, read.problem ?? '');
    if (read.problem !== undefined) {
      value.focus();
      return;
    }
    const answer = success ? { success, value: read.value } : { success, error: read.value };
    void act(event, onDone, async () => `Answer of ${callId}: ${said(await answerCall(runId, callId, answer))}.`);
  };
  return h(
    'form',
    { class: 'action', on: { submit: send(true) } },
    h('label', { for: id }, `Answer of ${callId}`),
    value,
    problem,
    h(
      'div',
      { class: 'buttons' },
      h('button', { type: 'submit' }, 'Answer'),
      h('button', { type: 'button', class: 'second', on: { click: send(false) } }, 'Answer with an error'),
    ),
  );
}

/** @param waited name of the signal that the run waits for, if it does */
export function signalForm(waited: string | undefined, { runId, onDone }: ActionsOptions): HTMLElement {
  const name = h('input', {
    id: 'signal-name',
    required: true,
    maxlength: '100',
    value: waited ?? '',
    autocomplete: 'off',
    spellcheck: 'false',
  });
  const payload = h('textarea', { id: 'signal-payload', spellcheck: 'false', placeholder: 'none, or a value as JSON' });
  const problem = h('p', { class: 'problem', role: 'alert' });
  const submit = (event: Event) => {
    event.preventDefault();
    const read = readJson(payload.value, undefined);
    text(problem, read.problem ?? '');
    if (read.problem !== undefined) {
      payload.focus();
      return;
    }
    void act(
      event,
      onDone,
      async () => `Signal ${name.value}: ${said(await signalRun(runId, name.value, read.value))}.`,
    );
  };
  return h(
    'form',
    { class: 'action', on: { submit } },
    h('label', { for: 'signal-name' }, 'Signal'),
    name,
    h('label', { for: 'signal-payload' }, 'Payload'),
    payload,
    problem,
    h('div', { class: 'buttons' }, h('button', { type: 'submit', class: 'second' }, 'Send')),
  );
}

/** The buttons of a run: cancel asks once more. */
export function runButtons(
  { state, outcome }: Pick<ShownRun, 'state' | 'outcome'>,
  { runId, onDone }: ActionsOptions,
): HTMLElement {
  const buttons = h('div', { class: 'buttons' });
  if (state === 'waiting') {
    const cancel = h('button', { type: 'button', class: 'danger' }, 'Cancel run');
    let isSure = false;
    cancel.addEventListener('click', (event) => {
      if (!isSure) {
        isSure = true;
        text(cancel, 'Really cancel?');
        return;
      }
      void act(event, onDone, async () =>
        (await cancelRun(runId)) ? 'The run is being cancelled.' : 'The run has ended already.',
      );
    });
    cancel.addEventListener('blur', () => {
      isSure = false;
      text(cancel, 'Cancel run');
    });
    buttons.append(cancel);
  }
  if (outcome === 'failed') {
    const retry = (event: Event) => void act(event, onDone, async () => `Retry: ${said(await retryRun(runId))}.`);
    buttons.append(h('button', { type: 'button', class: 'second', on: { click: retry } }, 'Try again'));
  }
  return buttons;
}

/** Does it once, however often it is pressed. */
async function act(event: Event, onDone: ActionsOptions['onDone'], action: () => Promise<string>): Promise<void> {
  const target = event.currentTarget as HTMLElement | null;
  const form = target?.closest('form, .buttons') ?? target;
  const buttons = [...(form?.querySelectorAll('button') ?? [])];
  for (const button of buttons) button.disabled = true;
  try {
    onDone(await action(), 'done');
  } catch (error) {
    if (!(error instanceof RequestRefusal)) throw error;
    onDone(error.message, 'error');
  } finally {
    for (const button of buttons) button.disabled = false;
  }
}

function said(outcome: string): string {
  return OUTCOMES[outcome] ?? outcome;
}

/** @param none what an empty text stands for */
function readJson(given: string, none: unknown): { readonly value?: unknown; readonly problem?: string } {
  if (given.trim() === '') return { value: none };
  try {
    return { value: JSON.parse(given) as unknown };
  } catch (error) {
    return { problem: `It is not JSON: ${(error as Error).message}` };
  }
}
