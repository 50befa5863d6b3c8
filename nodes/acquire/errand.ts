// One message that a node was given: it keeps its own `send` and `done`, and ends in exactly one `done`.
import type { NodeMessage } from 'node-red';

export type Send = (msg: NodeMessage | (NodeMessage | null)[]) => void;
export type Done = (error?: Error) => void;

export class Errand {
  readonly msg: NodeMessage;
  readonly #send: Send;
  readonly #done: Done;
  #open = 1;
  #isSplit = false;
  #error: Error | undefined;

  constructor(msg: NodeMessage, send: Send, done: Done) {
    this.msg = msg;
    this.#send = send;
    this.#done = done;
  }

  /** It is about several things, each of which ends by itself. */
  splitInto(parts: number): void {
    this.#open = parts;
    this.#isSplit = parts > 1;
  }

  /** Its message is sent more than once. */
  get isSplit(): boolean {
    return this.#isSplit;
  }

  /** Passes the message on through an output, counted from 0. */
  send(output: number, msg: NodeMessage): void {
    this.#send(toOutput(output, msg));
  }

  /** One of the things it is about has ended; the last one ends it. */
  finish(error?: Error): void {
    this.#error ??= error;
    this.#open -= 1;
    if (this.#open === 0) this.#done(this.#error);
  }

  /** Ends it, whatever is still open. */
  close(error?: Error): void {
    if (this.#open <= 0) return;
    this.#open = 1;
    this.finish(error);
  }
}

/** The list that Node-RED wants for a message through one of the outputs. */
export function toOutput(output: number, msg: NodeMessage): (NodeMessage | null)[] {
  const outputs: (NodeMessage | null)[] = [null, null, null, null];
  outputs[output] = msg;
  return outputs;
}
