import { PassThrough } from "node:stream";

/**
 * A mail on its way to the server, whose end is held back: all but the line that ends it goes out,
 * then `beforeEnd` is awaited, and that line follows in the very same turn. Piped by hand, because
 * the streams between would put it off by turns in which a process can die.
 */
export class HeldMessage extends PassThrough {
  readonly #source: Buffer;
  readonly #beforeEnd: () => Promise<void>;
  #begun = false;

  constructor(source: Buffer, beforeEnd: () => Promise<void>) {
    super();
    this.#source = source;
    this.#beforeEnd = beforeEnd;
    // What tells nodemailer that the mail cannot simply go out over another connection.
    Object.defineProperty(this, "readableDidRead", { get: () => this.#begun });
  }

  override pipe<Target extends NodeJS.WritableStream>(target: Target): Target {
    this.#begun = true;
    target.write(this.#source);
    this.#beforeEnd().then(
      () => target.end(),
      (error) => this.destroy(error instanceof Error ? error : new Error(String(error))),
    );
    return target;
  }
}
