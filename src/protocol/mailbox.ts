import { MessageChannel, type MessagePort, receiveMessageOnPort } from 'node:worker_threads';
import { performance, setImmediate } from '../support/timers.js';
import { Patience } from './patience.js';

/** A message between two threads. */
export interface Message {
  readonly packed: Uint8Array;
  /** Bytes that the message refers to by index instead of containing them. */
  readonly shared: readonly Uint8Array[];
}

/** Is told of the next message, or once why there is none. */
export interface MessageListener {
  onMessage(message: Message): void;
  onError(error: unknown): void;
}

/** Longer messages, and those that refer to shared bytes, go through a port. */
const AREA_BYTES = 64 * 1024;
/** Changes when there is a new message. */
const SIGNAL = 0;
/** The number of messages sent. */
const SENT = 1;
const LENGTH = 2;
/** Whether the sender is likely to send another message as soon as it has the reply. */
const MORE_SOON = 3;
const CELLS = 4;
const CELL_BYTES = CELLS * Int32Array.BYTES_PER_ELEMENT;
const DIRECTION_BYTES = CELL_BYTES + AREA_BYTES;
/** In {@link LENGTH}: the message is in the port. */
const IN_PORT = -1;
const NOTHING_SHARED: readonly Uint8Array[] = [];
/** How long a woken thread waits for the message before it sleeps again. */
const EXPECTING_MS = 0.2;

/** The data that a thread needs to use the mailbox. */
export interface MailboxEnd {
  readonly memory: SharedArrayBuffer;
  readonly port: MessagePort;
}

/**
 * Connects two threads that send requests and replies alternately. Messages are in shared memory, which takes
 * a third of the time of a port, because nothing is cloned and no event is dispatched.
 *
 * It does not keep the process alive.
 */
export class Mailbox {
  readonly #port: MessagePort;
  readonly #outgoing: Direction;
  readonly #incoming: Direction;

  /** Creates the requesting thread's end, and the data from which the other thread opens its end. */
  static create(): { readonly mailbox: Mailbox; readonly farEnd: MailboxEnd } {
    const memory = new SharedArrayBuffer(2 * DIRECTION_BYTES);
    const { port1, port2 } = new MessageChannel();
    port1.unref();
    return { mailbox: new Mailbox({ memory, port: port1 }, 0), farEnd: { memory, port: port2 } };
  }

  /** Opens the end of the replying thread. */
  static open(end: MailboxEnd): Mailbox {
    return new Mailbox(end, 1);
  }

  private constructor({ memory, port }: MailboxEnd, outgoing: 0 | 1) {
    this.#port = port;
    this.#outgoing = new Direction(memory, port, outgoing);
    this.#incoming = new Direction(memory, port, 1 - outgoing);
  }

  /**
   * The other thread must have taken the previous message.
   *
   * @param isMoreSoon whether another one is likely to follow as soon as there is a reply
   */
  send(message: Message, isMoreSoon = false): void {
    this.#outgoing.send(message, isMoreSoon);
  }

  /** Announces a message: waking the other thread takes as long as writing it. */
  prewake(): void {
    this.#outgoing.prewake();
  }

  /**
   * Resolves with the next message; rejects if the mailbox is closed.
   *
   * @param isSoon whether it is likely to come within a tenth of a millisecond
   */
  receive(isSoon = false): Promise<Message> {
    return new Promise((onMessage, onError) => this.listen({ onMessage, onError }, isSoon));
  }

  /** {@link receive} without a promise. */
  listen(listener: MessageListener, isSoon = false): void {
    this.#incoming.listen(listener, isSoon);
  }

  /** Whether the next message has arrived. */
  get hasMessage(): boolean {
    return this.#incoming.hasArrived;
  }

  /** Whether the sender of the last message is likely to send another one as soon as it has the reply. */
  get isMoreSoon(): boolean {
    return this.#incoming.isMoreSoon;
  }

  /** Blocks the thread until the next message arrives. @param isSoon see {@link receive} */
  receiveSync(isSoon = false): Message {
    return this.#incoming.receiveSync(isSoon);
  }

  /** Ends a pending {@link receive} with an error. */
  close(): void {
    this.#port.close();
    this.#incoming.giveUp();
  }
}

/** One direction between the threads: room for one message. */
class Direction {
  readonly #cells: Int32Array<SharedArrayBuffer>;
  readonly #area: Uint8Array<SharedArrayBuffer>;
  readonly #port: MessagePort;
  #isGivenUp = false;
  #signal = 0;
  #received = 0;
  readonly #patience = new Patience();
  /** When the thread began to wait for a message that is likely to come at once. */
  #soonSince: number | undefined;

  constructor(memory: SharedArrayBuffer, port: MessagePort, number: number) {
    const offset = number * DIRECTION_BYTES;
    this.#cells = new Int32Array(memory, offset, CELLS);
    this.#area = new Uint8Array(memory, offset + CELL_BYTES, AREA_BYTES);
    this.#port = port;
  }

  send(message: Message, isMoreSoon: boolean): void {
    const { packed, shared } = message;
    Atomics.store(this.#cells, MORE_SOON, isMoreSoon ? 1 : 0);
    if (shared.length === 0 && packed.length <= AREA_BYTES) {
      this.#area.set(packed);
      Atomics.store(this.#cells, LENGTH, packed.length);
    } else {
      this.#port.postMessage(message, ownBuffer(packed));
      Atomics.store(this.#cells, LENGTH, IN_PORT);
    }
    Atomics.add(this.#cells, SENT, 1);
    this.prewake();
  }

  prewake(): void {
    Atomics.add(this.#cells, SIGNAL, 1);
    Atomics.notify(this.#cells, SIGNAL);
  }

  get isMoreSoon(): boolean {
    return Atomics.load(this.#cells, MORE_SOON) !== 0;
  }

  listen(listener: MessageListener, isSoon: boolean): void {
    const begunAt = performance.now();
    this.#soonSince = isSoon ? begunAt : undefined;
    const patienceMs = isSoon ? this.#patience.next() : 0;
    if (patienceMs > 0) this.#look(listener, begunAt + patienceMs);
    else this.#wait(listener);
  }

  /** In turns of the event loop, so that nothing else waits for it. */
  #look(listener: MessageListener, until: number): void {
    setImmediate(() => {
      if (!this.hasArrived && !this.#isGivenUp && performance.now() < until) this.#look(listener, until);
      else this.#wait(listener);
    });
  }

  #wait(listener: MessageListener): void {
    while (!this.hasArrived) {
      if (this.#isGivenUp) {
        listener.onError(new Error('The mailbox is closed.'));
        return;
      }
      const arrival = Atomics.waitAsync(this.#cells, SIGNAL, this.#signal);
      if (arrival.async) {
        void arrival.value.then(() => {
          this.#signal = Atomics.load(this.#cells, SIGNAL);
          this.#wait(listener);
        });
        return;
      }
      this.#signal = Atomics.load(this.#cells, SIGNAL);
    }
    let message: Message;
    try {
      message = this.#take();
    } catch (error) {
      listener.onError(error);
      return;
    }
    listener.onMessage(message);
  }

  receiveSync(isSoon: boolean): Message {
    const begunAt = performance.now();
    this.#soonSince = isSoon ? begunAt : undefined;
    const patienceMs = isSoon ? this.#patience.next() : 0;
    if (patienceMs > 0) while (!this.hasArrived && performance.now() < begunAt + patienceMs);
    while (!this.hasArrived) {
      Atomics.wait(this.#cells, SIGNAL, this.#signal);
      this.#signal = Atomics.load(this.#cells, SIGNAL);
      const until = performance.now() + EXPECTING_MS;
      while (!this.hasArrived && performance.now() < until);
    }
    return this.#take();
  }

  get hasArrived(): boolean {
    return Atomics.load(this.#cells, SENT) !== this.#received;
  }

  /** A wait that never ends would be kept as long as the process lives. */
  giveUp(): void {
    this.#isGivenUp = true;
    Atomics.notify(this.#cells, SIGNAL);
  }

  #take(): Message {
    if (this.#soonSince !== undefined) this.#patience.note(performance.now() - this.#soonSince);
    this.#signal = Atomics.load(this.#cells, SIGNAL);
    this.#received = Atomics.load(this.#cells, SENT);
    const length = Atomics.load(this.#cells, LENGTH);
    if (length === IN_PORT) return receiveMessageOnPort(this.#port)?.message as Message;
    return { packed: this.#area.slice(0, length), shared: NOTHING_SHARED };
  }
}

/** Transfers large bytes, unless other data shares their buffer. */
function ownBuffer({ buffer, length }: Uint8Array): ArrayBuffer[] {
  return buffer instanceof ArrayBuffer && length > AREA_BYTES && length === buffer.byteLength ? [buffer] : [];
}
