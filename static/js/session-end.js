// Tells in time that the session ends for good, however much it is used, and offers to sign in again before.
import { endsAt, onNews, tell } from './page.js';
import { ENDING, signInAgain } from './sign-in-again.js';

const WARN_BEFORE_MS = 10 * 60_000;
const LOOK_EVERY_MS = 15_000; // a timer for the very moment would sleep as long as the laptop does
const LANGUAGE = navigator.languages.find(tag => tag.startsWith('en')) ?? 'en-GB'; // as in times.js
const ID = 'toast-session-end';
const EVENT = 'session:sign-in-again';
let warnedOf = NaN; // the end that was told; once is enough

function look() {
  const end = endsAt();
  if (Number.isNaN(end) || end === warnedOf || end - Date.now() > WARN_BEFORE_MS || end < Date.now()) return;
  warnedOf = end;
  const time = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: 'short' }).format(end);
  tell('toast', {
    id: ID,
    tone: 'warn',
    title: `Your session ends at ${time}`,
    text: 'Sign in again before then to go on without a break. What you typed stays.',
    action: { label: 'Sign in again', event: EVENT },
  });
}

addEventListener(EVENT, () => signInAgain(ENDING));
onNews(() => endsAt() !== warnedOf && tell('toast:close', { id: ID }));
setInterval(look, LOOK_EVERY_MS);
addEventListener('visibilitychange', look);
look();
