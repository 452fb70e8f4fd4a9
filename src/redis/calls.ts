import { failed } from '../suspension/server/failures.js';
import { isReply } from './access.js';
import type { RedisLike } from './client.js';
import type { Script } from './scripts.js';

export type Argument = string | Buffer | number;

/** Calls scripts. */
export interface ScriptCalls {
  /** @param key what the keys of the script begin with */
  call(script: Script, key: string, args: readonly Argument[]): Promise<unknown>;
  close(): void;
}

/** On the client of the application. */
export class PlainCalls implements ScriptCalls {
  readonly #client: RedisLike;

  constructor(client: RedisLike) {
    this.#client = client;
  }

  call(script: Script, key: string, args: readonly Argument[]): Promise<unknown> {
    return evaluate(this.#client, script, key, args);
  }

  close(): void {}
}

/** A connection that the store opened, and closes. */
export type OwnClient = Omit<RedisLike, 'on'> & {
  on(event: 'error' | 'close', listener: (error?: Error) => void): unknown;
  disconnect(): void;
};

interface Waiting {
  readonly script: Script;
  readonly key: string;
  readonly args: readonly Argument[];
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: unknown) => void;
  attempts: number;
}

const CALLS_AT_ONCE = 256;
/** On as many connections, one after the other. */
const MAX_ATTEMPTS = 3;

/**
 * Calls scripts, and answers when replicas have what they wrote. Calls that come while others wait for the replicas wait together after that.
 *
 * On a connection of its own, whose client does not send commands again after a reconnect: it would send WAIT alone, to a server that has
 * nothing to wait for, and what a failover lost would count as kept.
 */
export class ReplicatedCalls implements ScriptCalls {
  readonly #client: OwnClient;
  readonly #replicas: number;
  readonly #timeoutMs: number;
  readonly #waiting: Waiting[] = [];
  #isSending = false;
  /** Of the calls under way: their answers do not come any more. */
  #lose: () => void = () => {};

  constructor(client: OwnClient, replicas: number, timeoutMs: number) {
    this.#client = client;
    this.#replicas = replicas;
    this.#timeoutMs = timeoutMs;
    // A client that does not send commands again does not say of each of them that it is lost.
    client.on('close', () => this.#lose());
  }

  call(script: Script, key: string, args: readonly Argument[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ script, key, args, resolve, reject, attempts: 0 });
      if (!this.#isSending) void this.#send();
    });
  }

  close(): void {
    this.#client.disconnect();
  }

  async #send(): Promise<void> {
    this.#isSending = true;
    while (this.#waiting.length > 0) await this.#sendTogether(this.#waiting.splice(0, CALLS_AT_ONCE));
    this.#isSending = false;
  }

  async #sendTogether(calls: readonly Waiting[]): Promise<void> {
    const lost = new Promise<never>((_, reject) => {
      this.#lose = () => reject(new Error('Connection is closed.'));
    });
    // In one turn, and so one after the other on one connection.
    const sent = calls.map(({ script, key, args }) => this.#client.callBuffer('EVALSHA', script.sha, 1, key, ...args));
    const waited = this.#client.callBuffer('WAIT', this.#replicas, this.#timeoutMs);
    const answers = await Promise.allSettled(sent.map((answer) => Promise.race([answer, lost])));
    const [acknowledged] = await Promise.allSettled([Promise.race([waited, lost])]);
    for (const [index, call] of calls.entries()) {
      const answer = answers[index] as PromiseSettledResult<unknown>;
      if (answer.status === 'rejected') await this.#again(call, answer.reason);
      else if (acknowledged.status === 'rejected') await this.#again(call, acknowledged.reason);
      else if (Number(acknowledged.value) >= this.#replicas) call.resolve(answer.value);
      else call.reject(this.#tooFew(Number(acknowledged.value)));
    }
  }

  /** Sending the same call twice is calling once. */
  async #again(call: Waiting, error: unknown): Promise<void> {
    call.attempts++;
    const isUnknown = isUnknownScript(error);
    if ((isReply(error) && !isUnknown) || call.attempts >= MAX_ATTEMPTS) {
      call.reject(error);
      return;
    }
    try {
      if (isUnknown) await this.#client.callBuffer('SCRIPT', 'LOAD', call.script.text);
      this.#waiting.push(call);
    } catch (failure) {
      call.reject(failure);
    }
  }

  #tooFew(replicas: number) {
    const reason = `${replicas} of ${this.#replicas} replicas had it after ${this.#timeoutMs} ms`;
    return failed(reason, 'It may be kept all the same, and the same call may be repeated. Look after the replicas.');
  }
}

async function evaluate(
  client: RedisLike,
  { sha, text }: Script,
  key: string,
  args: readonly Argument[],
): Promise<unknown> {
  try {
    return await client.callBuffer('EVALSHA', sha, 1, key, ...args);
  } catch (error) {
    if (!isUnknownScript(error)) throw error;
    return client.callBuffer('EVAL', text, 1, key, ...args);
  }
}

function isUnknownScript(error: unknown): boolean {
  return /NOSCRIPT/.test(String((error as { readonly message?: string } | undefined)?.message));
}
