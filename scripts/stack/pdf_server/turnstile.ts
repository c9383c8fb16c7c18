/** Lets a few in at a time, has some more wait, and turns the rest away. */

/** Nobody else fits into the queue. */
export class QueueFull extends Error {
  constructor() {
    super("too many wait already");
  }
}

export class Turnstile {
  readonly #waiting: (() => void)[] = [];
  readonly #most: number;
  #free: number;

  /**
   * @param atOnce how many work at the same time.
   * @param most how many may wait besides.
   */
  constructor(atOnce: number, most: number) {
    this.#free = atOnce;
    this.#most = most;
  }

  /**
   * Runs the work when its turn comes.
   * @throws QueueFull at once when the queue is full; the signal's reason when it is aborted while
   * waiting; whatever the work throws.
   */
  async pass<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    if (this.#free > 0) this.#free -= 1;
    else await this.#turn(signal);
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length >= this.#most) throw new QueueFull();
    return new Promise((resolve, reject) => {
      const leave = () => {
        const place = this.#waiting.indexOf(enter);
        if (place >= 0) this.#waiting.splice(place, 1);
        reject(signal.reason);
      };
      const enter = () => {
        signal.removeEventListener("abort", leave);
        resolve();
      };
      if (signal.aborted) return reject(signal.reason);
      signal.addEventListener("abort", leave, { once: true });
      this.#waiting.push(enter);
    });
  }
}
