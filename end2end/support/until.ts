// Waiting for something to become true: asks again and again until a deadline, never sleeps for a fixed time.

export const pause = (ms: number) => new Promise<void>((done) => setTimeout(done, ms));

/** Repeats `look` until it returns something truthy; fails with `what` and the last error after `seconds`. */
export async function until<T>(what: string, look: () => Promise<T> | T, seconds = 20): Promise<NonNullable<T>> {
  const end = Date.now() + seconds * 1000;
  let last: unknown;
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 250)) {
    try {
      const found = await look();
      if (found) return found as NonNullable<T>;
      last = found;
    } catch (error) {
      last = error;
    }
    if (Date.now() > end) throw new Error(`not within ${seconds} s: ${what} (last: ${String(last)})`);
    await pause(wait);
  }
}
