// What a page knows of its session: whose client and person it is, and the CSRF token that its writes carry.
const meta = name => document.querySelector(`meta[name="${name}"]`);
export const client = meta('dezky-client')?.content || 'portal';
export const CHANNEL = `dz:session:${client}`;
export const person = () => meta('dezky-person')?.content;
export const csrf = () => meta('csrf-token')?.content ?? '';
export const endsAt = () => Date.parse(meta('dezky-session-ends')?.content ?? '');
export const tell = (type, detail) => dispatchEvent(new CustomEvent(type, { detail }));
export const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));

export const waiting = new Set(); // writes that wait for a sign-in or for the sign-in service; leaving would lose them

/* ---- What the tabs of one browser tell each other: renewed, signed in again, and by whom ---- */
const bus = new BroadcastChannel(CHANNEL);
export const broadcast = news => bus.postMessage(news);
export const onNews = (handler, options) => bus.addEventListener('message', e => handler(e.data), options);
export const isSamePerson = news => !news.person || news.person === person();

// Django changes the CSRF token at sign-in: adopt it for headers and for forms that are already there.
export function adopt({ token, ends }) {
  const known = meta('csrf-token');
  if (token && known) {
    known.content = token;
    for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
  }
  const end = meta('dezky-session-ends');
  if (ends && end) end.content = ends;
}
onNews(news => isSamePerson(news) && adopt(news));

// A refusal because of the token alone carries a fresh one, and whose session it is for.
export function adoptFrom({ status, headers }) {
  const news = { person: headers.get('X-Dezky-Person'), token: headers.get('X-CSRF-Token') };
  if (status !== 403 || !news.token) return null;
  const isSame = isSamePerson(news);
  if (isSame) adopt(news);
  return { isSame };
}

// The token is the browser's, whichever client somebody signs in to: each page tells the open ones its own.
const tokens = new BroadcastChannel('dz:token');
tokens.addEventListener('message', ({ data }) => data.person === person() && adopt({ token: data.token }));
if (person()) tokens.postMessage({ person: person(), token: csrf() });
