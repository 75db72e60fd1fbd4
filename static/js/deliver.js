// Sends a request until it has its answer. A 401 is met by one silent renewal and one retry; where that is
// refused, by a sign-in over the page. A CSRF token that has grown old is replaced. A write waits for a sign-in
// service that is away, and outlives a broken connection. Each write carries one idempotency key through all of
// this, so the server applies it once.
import { adoptFrom, csrf, pause, waiting } from './page.js';
import { RENEWED, REFUSED, renewOnce } from './renewal.js';
import { signInAgain, STEP_UP, STRANGER } from './sign-in-again.js';

const KEY = 'Idempotency-Key';
export const GIVEN_UP = 'X-Given-Up';
const MAX_AT_WORK = 5;
const AGAIN = 'again';
const DONE = 'done';
const STOP = 'stop';

export const isWrite = request => !/^(GET|HEAD)$/i.test(request.method ?? 'GET');
export const isFinal = ({ status, headers }) => status < 500 && status !== 409 && !headers.has(GIVEN_UP);
// A 204 never swaps: page and input stay.
export const givenUp = () => new Response(null, { status: 204, headers: { [GIVEN_UP]: '1' } });
export const newKey = () =>
  [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('');

// `send` sends `request` as it stands then; `isWanted` tells whether anybody still waits for it.
export async function deliver(send, request, { isWanted = () => true, onWait = () => {} } = {}) {
  request.headers ??= {};
  if (isWrite(request)) request.headers[KEY] ??= newKey();
  const story = { isRenewed: false, hasNewToken: false, timesAtWork: 0, isBroken: false };
  const wait = () => {
    if (isWrite(request)) waiting.add(request);
    onWait();
  };
  try {
    for (;;) {
      const sentAt = Date.now();
      const answer = await attempt(send, request, story);
      const next = answer ? await judge(answer, request, { story, sentAt, wait }) : AGAIN;
      if (next === DONE) return answer;
      if (next === STOP || !isWanted()) return givenUp();
      refreshToken(request);
    }
  } finally {
    waiting.delete(request);
  }
}

// A closed lid, a change of network: what was sent may have arrived, so it is sent once more under its key.
async function attempt(send, request, story) {
  try {
    return await send(request);
  } catch (error) {
    if (error.name === 'AbortError' || !isWrite(request) || story.isBroken) throw error;
    story.isBroken = true;
    await pause(1);
    return null;
  }
}

async function judge(answer, request, { story, sentAt, wait }) {
  const { status, headers } = answer;
  const token = adoptFrom(answer);
  if (token && !story.hasNewToken) {
    story.hasNewToken = true; // somebody has signed in in this browser since the page was made
    if (token.isSame) return AGAIN;
    wait();
    return (await signInAgain(STRANGER)) ? AGAIN : STOP; // somebody else's: this person's words are not for them
  }
  if (status === 401) {
    wait();
    const stepUp = headers.get('X-Step-Up-Url'); // RFC 9470: a renewal would not do
    if (stepUp) return (await signInAgain(STEP_UP, stepUp)) ? AGAIN : STOP;
    const wasRenewed = story.isRenewed;
    story.isRenewed = true;
    return wasRenewed ? askPerson() : afterRenewal(await renewOnce(sentAt));
  }
  if (!isWrite(request)) return DONE;
  if (status === 503 && headers.get('X-Dezky-Away') === 'identity') {
    wait();
    return afterRenewal(await renewOnce(sentAt));
  }
  if (status === 409 && headers.has('Retry-After') && story.timesAtWork < MAX_AT_WORK) {
    story.timesAtWork += 1; // the same request is still at work
    await pause(Number(headers.get('Retry-After')) || 1);
    return AGAIN;
  }
  return DONE;
}

const askPerson = async () => ((await signInAgain()) ? AGAIN : STOP);
async function afterRenewal(outcome) {
  if (outcome === RENEWED) return AGAIN;
  return outcome === REFUSED ? askPerson() : STOP;
}

function refreshToken({ headers, body }) {
  if (headers['X-CSRFToken']) headers['X-CSRFToken'] = csrf();
  if (body?.has?.('csrfmiddlewaretoken')) body.set('csrfmiddlewaretoken', csrf());
}

// For scripts that fetch by themselves: `fetch` with all of the above.
export function resilientFetch(url, options = {}) {
  const request = { credentials: 'same-origin', ...options, headers: { ...options.headers } };
  if (isWrite(request)) request.headers['X-CSRFToken'] ??= csrf();
  return deliver(sent => fetch(url, sent), request);
}
