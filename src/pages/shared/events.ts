// Server-sent events by `fetch`: an EventSource cannot send the header with the token.
import { RequestRefusal, request } from './api.js';

export type LiveState = 'connecting' | 'live' | 'paused' | 'lost' | 'refused';

export interface LiveOptions {
  readonly path: string;
  /** Given the data of each event, parsed. */
  readonly onEvent: (event: string, data: unknown) => void;
  readonly onState: (state: LiveState, refusal?: RequestRefusal) => void;
}

const FIRST_PAUSE_MS = 1_000;
const LAST_PAUSE_MS = 15_000;
/** The server sends nothing near this long. */
const MAX_EVENT_CHARS = 8 * 1024 * 1024;

/**
 * Reads a stream for as long as the page is looked at: connects again after an interruption, and lets go while the page is hidden.
 *
 * @returns ends it
 */
export function live({ path, onEvent, onState }: LiveOptions): () => void {
  let isEnded = false;
  let reading: AbortController | undefined;
  let timer = 0;
  let pauseMs = FIRST_PAUSE_MS;

  const connect = async () => {
    if (isEnded || reading !== undefined) return;
    if (document.hidden) {
      onState('paused');
      return;
    }
    const own = new AbortController();
    reading = own;
    onState('connecting');
    try {
      const { body } = await request(path, { signal: own.signal, accept: 'text/event-stream' });
      if (body === null) throw new RequestRefusal(0, 'UNREACHABLE', 'The server sent nothing.');
      onState('live');
      pauseMs = FIRST_PAUSE_MS;
      await readEvents(body, onEvent);
      lost();
    } catch (error) {
      if (!own.signal.aborted) lost(error instanceof RequestRefusal ? error : undefined);
    } finally {
      // Who left early has let go of the connection as well.
      own.abort();
      if (reading === own) reading = undefined;
    }
  };
  const lost = (refusal?: RequestRefusal) => {
    const isFinal = refusal !== undefined && [401, 403, 404].includes(refusal.status);
    onState(isFinal ? 'refused' : 'lost', refusal);
    if (isFinal || isEnded) return;
    timer = window.setTimeout(() => void connect(), pauseMs * (0.75 + Math.random() / 2));
    pauseMs = Math.min(LAST_PAUSE_MS, pauseMs * 2);
  };
  const onVisibility = () => {
    window.clearTimeout(timer);
    if (document.hidden) {
      reading?.abort();
      reading = undefined;
      onState('paused');
    } else void connect();
  };
  document.addEventListener('visibilitychange', onVisibility);
  void connect();
  return () => {
    isEnded = true;
    window.clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisibility);
    reading?.abort();
  };
}

/** Reads to the end of a stream. */
export async function readEvents(
  body: ReadableStream<Uint8Array>,
  onEvent: (event: string, data: unknown) => void,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += decoder.decode(value, { stream: true });
    let end = rest.indexOf('\n\n');
    while (end !== -1) {
      take(rest.slice(0, end), onEvent);
      rest = rest.slice(end + 2);
      end = rest.indexOf('\n\n');
    }
    if (rest.length > MAX_EVENT_CHARS) throw new Error('an event is too long');
  }
}

function take(block: string, onEvent: (event: string, data: unknown) => void): void {
  let event = 'message';
  let data = '';
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) event = line.slice(7);
    else if (line.startsWith('data: ')) data += line.slice(6);
  }
  if (data !== '') onEvent(event, JSON.parse(data) as unknown);
}
