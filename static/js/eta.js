// Time left that does not jump about.

let end = null;

/** Seconds left, smoothed over a minute by the moment at which it should end. */
export function calm(seconds) {
  if (seconds == null) {
    end = null;
    return null;
  }
  const now = Date.now() / 1000;
  if (!end || Math.abs(end.at - now - seconds) > 0.5 * seconds + 60) end = { at: now + seconds, seen: now };
  const weight = 1 - Math.exp(-(now - end.seen) / 60);
  end = { at: end.at + (now + seconds - end.at) * weight, seen: now };
  return Math.max(0, end.at - now);
}
