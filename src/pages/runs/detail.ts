import { h, put, text } from '../shared/dom.js';
import { cut, json, relative, time } from '../shared/format.js';
import { Poll } from '../shared/poll.js';
import type { Shell } from '../shared/shell.js';
import { type ActionsOptions, answerForm, runButtons, signalForm } from './actions.js';
import { type Call, describeRun, historyOf, resultOf, type ShownRun } from './api.js';
import { stateTag } from './list.js';
import { pretty, RunTimeline } from './timeline.js';

const EVERY_MS = 2_000;
/** Of a result that is shown; a browser needs long to lay out more. */
const MAX_RESULT_CHARS = 50_000;
const MAX_ARGUMENT_CHARS = 4_000;
/** Calls with a form of their own. */
const MAX_CALLS = 20;

/** One run: what happened, what it waits for, and what can be done. */
export function showRun(runId: string, { main, setLive, notify }: Shell): void {
  const title = main.querySelector('h1');
  const facts = h('dl', { class: 'facts' });
  const buttons = h('div', {});
  const waits = h(
    'section',
    { class: 'card waits', 'aria-labelledby': 'waits' },
    h('header', {}, h('h2', { id: 'waits' }, 'Waits for')),
  );
  const calls = h('div', { class: 'calls' });
  const signal = h(
    'section',
    { class: 'card', 'aria-labelledby': 'tell' },
    h('header', {}, h('h2', { id: 'tell' }, 'Tell it something')),
  );
  const result = h(
    'section',
    { class: 'card', 'aria-labelledby': 'result' },
    h('header', {}, h('h2', { id: 'result' }, 'Result')),
  );
  const resultText = h('pre', { tabindex: '0', 'aria-label': 'Result' });
  const timeline = new RunTimeline();
  const options: ActionsOptions = {
    runId,
    onDone: (message, kind) => {
      notify(message, kind);
      poll.hurry();
    },
  };
  let drawn = '';
  let hasResult = false;
  waits.append(calls);
  result.append(resultText);
  if (title !== null)
    put(
      title,
      h('a', { href: 'runs' }, 'Runs'),
      h('span', { class: 'quiet' }, ' / '),
      h('span', { class: 'mono' }, runId),
    );
  document.title = `${cut(runId, 40)} · Nexus Runtime`;
  main.append(
    h('section', { class: 'card summary', 'aria-label': 'Run' }, facts, buttons),
    h(
      'div',
      { class: 'columns-run' },
      h(
        'section',
        { class: 'card', 'aria-labelledby': 'timeline' },
        h(
          'header',
          {},
          h('h2', { id: 'timeline' }, 'Timeline'),
          h('span', { class: 'quiet' }, 'as this server saw it'),
        ),
        timeline.element,
      ),
      h('div', { class: 'side' }, waits, signal, result),
    ),
  );

  const draw = (run: ShownRun) => {
    const signalled = run.calls.find(({ extensionName }) => extensionName === '$signal')?.method;
    const version = JSON.stringify([
      run.state,
      run.outcome,
      run.step,
      run.calls.map(({ callId }) => callId),
      run.timers,
    ]);
    // Forms stay while what they are for does, with what is typed into them.
    if (version === drawn) return;
    drawn = version;
    drawFacts(facts, run);
    put(buttons, runButtons(run, options));
    waits.hidden = run.state === 'ended';
    signal.hidden = run.state === 'ended';
    result.hidden = run.state !== 'ended';
    put(
      calls,
      ...run.calls.slice(0, MAX_CALLS).map((call) => drawCall(call, options)),
      ...run.timers.slice(0, MAX_CALLS).map(drawTimer),
    );
    if (run.calls.length + run.timers.length === 0)
      put(calls, h('p', { class: 'quiet' }, 'Nothing from outside: it is about to go on.'));
    const more = run.calls.length - MAX_CALLS;
    if (more > 0) calls.append(h('p', { class: 'quiet' }, `and ${more} more calls, which nexus runs show lists`));
    signal.querySelector('form')?.remove();
    signal.append(signalForm(signalled, options));
  };
  const poll = new Poll(
    EVERY_MS,
    async (aborting) => {
      const [run, history] = await Promise.all([describeRun(runId, aborting), historyOf(runId, aborting)]);
      draw(run);
      timeline.show(history);
      if (run.state !== 'ended') hasResult = false;
      else if (!hasResult) {
        const found = await resultOf(runId, aborting);
        hasResult = true;
        drawResult(resultText, found);
      }
      return run.state === 'waiting';
    },
    (live, refusal) => {
      setLive(live);
      if (live !== 'refused' || refusal === undefined) return;
      main.replaceChildren(
        ...(title === null ? [] : [title]),
        h('p', { class: 'card problem', role: 'alert' }, refusal.message),
      );
    },
  );
}

function drawFacts(list: HTMLElement, run: ShownRun): void {
  const fact = (name: string, value: Node | string | undefined) =>
    value === undefined ? undefined : h('div', {}, h('dt', { class: 'quiet' }, name), h('dd', {}, value));
  const { startedAt, expiresAt, deployment } = run;
  put(
    list,
    fact('State', stateTag(run)),
    fact('Handler', run.handlerName),
    fact('Tenant', run.tenant),
    fact('Step', String(run.step)),
    fact('Started', startedAt && `${time(startedAt)} (${relative(startedAt)})`),
    fact(run.state === 'waiting' ? 'Expires' : 'Kept until', expiresAt && relative(expiresAt)),
    fact('Deployment', deployment && cut(deployment, 12)),
  );
}

function drawCall(call: Call, options: ActionsOptions): HTMLElement {
  const { extensionName, method, args } = call;
  if (extensionName === '$signal') {
    return h('div', { class: 'call' }, h('p', {}, 'the signal ', h('span', { class: 'mono' }, method)));
  }
  const shown = json(args);
  const rest = shown.length - MAX_ARGUMENT_CHARS;
  return h(
    'div',
    { class: 'call' },
    h('p', { class: 'mono' }, `$ext.${extensionName}.${method}`),
    h(
      'pre',
      { tabindex: '0', 'aria-label': 'Arguments' },
      shown.slice(0, MAX_ARGUMENT_CHARS),
      rest > 0 && `\n… and ${rest} characters`,
    ),
    answerForm(call, options),
  );
}

function drawTimer(at: string): HTMLElement {
  return h('p', {}, `a timer that is due ${relative(at)}, at ${time(at)}`);
}

function drawResult(element: HTMLElement, result: string | undefined): void {
  if (result === undefined) {
    text(element, 'It is no longer kept.');
    return;
  }
  const shown = result.length > 4 * MAX_RESULT_CHARS ? result : pretty(result);
  const rest = shown.length - MAX_RESULT_CHARS;
  text(element, rest > 0 ? `${shown.slice(0, MAX_RESULT_CHARS)}\n… and ${rest} characters` : shown);
}
