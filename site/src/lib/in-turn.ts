/**
 * Makes a function that does `work` whenever it is called, one at a time: who calls meanwhile, or within
 * `pauseMs` afterwards, has it done once more when that is over.
 */
export function inTurn(work: () => Promise<void>, pauseMs = 0): () => Promise<void> {
  let running: Promise<void> | null = null;
  let next: Promise<void> | null = null;

  function start(): Promise<void> {
    const current = work();
    const rest = () => new Promise<void>((resolve) => setTimeout(resolve, pauseMs));
    running = current
      .catch(() => undefined)
      .then(rest)
      .then(() => {
        running = null;
      });
    return current;
  }

  return () => {
    if (running === null) return start();
    next ??= running.then(() => {
      next = null;
      return start();
    });
    return next;
  };
}
