// Silent renewal: one serves every request in every tab. The provider away: wait and ask again; that is never
// a refusal. The wait is told, and can be stopped.
import { adopt, adoptFrom, broadcast, CHANNEL, client, csrf, pause, person, tell } from './page.js';

export const RENEWED = 'renewed';
export const REFUSED = 'refused';
export const STOPPED = 'stopped';
const AWAY = 'toast-session-away';
const STOP = 'session:stop-waiting';
const MAX_WAIT_SECONDS = 30;
const WAITING = {
  id: AWAY,
  tone: 'warn',
  title: 'Sign-in service is away',
  text: 'What you did is kept and goes on by itself as soon as it is back.',
  action: { label: 'Stop waiting', event: STOP },
};
const epoch = () => Number(localStorage.getItem(CHANNEL) || 0);
const underLock = work => (navigator.locks ? navigator.locks.request(CHANNEL, work) : work());

const ask = () =>
  fetch(`/session/refresh/?client=${encodeURIComponent(client)}`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'X-CSRFToken': csrf() },
  }).catch(() => null);

async function attempt(sentAt) {
  const renewedAt = epoch();
  // Another tab was faster; what lies in the future was written before the clock was set back.
  if (renewedAt > sentAt && renewedAt <= Date.now()) return RENEWED;
  let answer = await ask();
  if (answer && adoptFrom(answer)?.isSame) answer = await ask();
  if (answer?.status === 204) {
    const news = { person: person(), token: answer.headers.get('X-CSRF-Token') };
    adopt(news);
    localStorage.setItem(CHANNEL, String(Date.now()));
    broadcast(news);
    return RENEWED;
  }
  if (answer?.status === 401 || answer?.status === 403) return REFUSED;
  return { retryAfter: Number(answer?.headers.get('Retry-After')) || 0 };
}

async function renew(sentAt) {
  const stop = new AbortController();
  const stopped = new Promise(resolve => {
    addEventListener(STOP, () => resolve(STOPPED), { once: true, signal: stop.signal });
  });
  try {
    for (let wait = 2; ; wait = Math.min(wait * 2, MAX_WAIT_SECONDS)) {
      const outcome = await underLock(() => attempt(sentAt));
      if (outcome === RENEWED || outcome === REFUSED) return outcome;
      if (wait === 2) tell('toast', WAITING);
      const seconds = Math.min(outcome.retryAfter || wait, MAX_WAIT_SECONDS);
      if ((await Promise.race([pause(seconds), stopped])) === STOPPED) return STOPPED;
    }
  } finally {
    stop.abort();
    tell('toast:close', { id: AWAY });
  }
}

let renewing = null;
export const renewOnce = sentAt => (renewing ??= renew(sentAt).finally(() => (renewing = null)));
