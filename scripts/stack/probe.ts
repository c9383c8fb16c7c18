/** Whether something answers. */

/** True when a GET is answered with a status that is not a server's error. Never throws. */
export async function answers(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, {
      redirect: "manual",
      signal: AbortSignal.timeout(5000),
    });
    await response.body?.cancel();
    return response.status < 500;
  } catch {
    return false;
  }
}
