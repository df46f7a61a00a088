// The small files that the lake publishes. What cannot be had is told in words, and what was had
// before stays on the page.

const TIMEOUT_MS = 15_000;
const known = new Map(); // path -> {text, value, problem}

/**
 * The file as {value, problem, isPending, changed}: `problem` is a sentence when it could not be read now;
 * `isPending` where that is no fault, for a young lake has not published it yet.
 */
export async function read(path) {
  const before = known.get(path) ?? { text: null, value: null, problem: null };
  const found = await fetched(path);
  const after = found.text === null ? { ...before, problem: found.problem } : parsed(path, found.text, before);
  known.set(path, after);
  const isPending = Boolean(found.isAbsent) && after.value === null;
  return { value: after.value, problem: after.problem, isPending, changed: after.text !== before.text || after.problem !== before.problem };
}

async function fetched(path) {
  try {
    const answer = await fetch(`data/${path}`, { cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (answer.ok) return { text: await answer.text() };
    // a private bucket says 403 of what is not there
    if (answer.status === 404 || answer.status === 403) {
      return { text: null, isAbsent: true, problem: `data/${path} is not there: the lake has not published it yet.` };
    }
    return { text: null, problem: `data/${path} could not be read: the server answered ${answer.status}.` };
  } catch (error) {
    const why = error.name === "TimeoutError" ? "the server did not answer" : "the server cannot be reached";
    return { text: null, problem: `data/${path} could not be read: ${why}.` };
  }
}

function parsed(path, text, before) {
  if (text === before.text) return { ...before, problem: null };
  try {
    return { text, value: JSON.parse(text), problem: null };
  } catch {
    return { ...before, problem: `data/${path} is damaged: it is not JSON.` };
  }
}
