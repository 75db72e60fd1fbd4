// The session: a request that meets a 401 is sent once more after a silent renewal, with the same body.
// One renewal serves every request in every tab. Refused: sign-in opens in a window of its own, the form
// underneath stays. The provider away: wait and try again; that is never a refusal.
const meta = name => document.querySelector(`meta[name="${name}"]`);
const client = meta('dezky-client')?.content || 'portal';
const KEY = `dz:session:${client}`;
const csrfMeta = meta('csrf-token');
const csrf = () => csrfMeta?.content ?? '';
const bus = new BroadcastChannel(KEY);
const AWAY = 'toast-session-away';
const MAX_WAIT_SECONDS = 30;
const tell = (type, detail) => dispatchEvent(new CustomEvent(type, { detail }));
const epoch = () => Number(localStorage.getItem(KEY) || 0);

// Django changes the CSRF token at sign-in: adopt it for headers and for forms that are already there.
function adopt(token) {
  if (!token || !csrfMeta) return;
  csrfMeta.content = token;
  for (const field of document.querySelectorAll('input[name="csrfmiddlewaretoken"]')) field.value = token;
}
bus.addEventListener('message', e => isSamePerson(e.data) && adopt(e.data.token));
const isSamePerson = news => !news.person || news.person === meta('dezky-person')?.content;

/* ---- Silent renewal ---- */
const RENEWED = 'renewed';
const REFUSED = 'refused';
let renewing = null;
const underLock = work => (navigator.locks ? navigator.locks.request(KEY, work) : work());
const pause = seconds => new Promise(resolve => setTimeout(resolve, seconds * 1000));

async function attempt(sentAt) {
  if (epoch() > sentAt) return RENEWED; // another tab was faster
  const answer = await fetch(`/session/refresh/?client=${encodeURIComponent(client)}`, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'X-CSRFToken': csrf() },
  }).catch(() => null);
  if (answer?.status === 204) {
    const token = answer.headers.get('X-CSRF-Token');
    adopt(token);
    localStorage.setItem(KEY, String(Date.now()));
    bus.postMessage({ token });
    return RENEWED;
  }
  if (answer?.status === 401 || answer?.status === 403) return REFUSED;
  return { retryAfter: Number(answer?.headers.get('Retry-After')) || 0 };
}

async function renew(sentAt) {
  for (let wait = 2; ; wait = Math.min(wait * 2, MAX_WAIT_SECONDS)) {
    const outcome = await underLock(() => attempt(sentAt));
    if (outcome === RENEWED || outcome === REFUSED) {
      tell('toast:close', { id: AWAY });
      return outcome;
    }
    tell('toast', {
      id: AWAY,
      tone: 'warn',
      title: 'Sign-in service is away',
      text: 'What you did is kept and goes on by itself as soon as it is back.',
    });
    await pause(Math.min(Math.max(wait, outcome.retryAfter), MAX_WAIT_SECONDS));
  }
}
const renewOnce = sentAt => (renewing ??= renew(sentAt).finally(() => (renewing = null)));

/* ---- Signing in again, over the page: the session has ended, or a step-up wants a fresh sign-in ---- */
let asking = null;
function signInAgain(stepUpUrl) {
  return (asking ??= new Promise(resolve => {
    const dialog = document.getElementById('reauth');
    if (!dialog) {
      location.reload();
      return;
    }
    const link = dialog.querySelector('[data-sign-in]');
    const stranger = dialog.querySelector('[data-stranger]');
    const controller = new AbortController();
    const options = { signal: controller.signal };
    link.dataset.plain ??= link.getAttribute('href');
    link.href = stepUpUrl ?? link.dataset.plain;
    for (const part of dialog.querySelectorAll('[data-when]'))
      part.hidden = part.dataset.when !== (stepUpUrl ? 'step-up' : 'ended');
    let opened = null;
    const finish = isBack => {
      controller.abort();
      if (isBack) opened?.close();
      if (dialog.open) dialog.close();
      resolve(isBack);
    };
    stranger.hidden = true;
    bus.addEventListener(
      'message',
      e => {
        if (isSamePerson(e.data)) return finish(true);
        stranger.hidden = false; // somebody else signed in: what this person typed is not sent for them
      },
      options,
    );
    dialog.addEventListener('close', () => finish(false), options);
    link.addEventListener(
      'click',
      e => {
        opened = window.open(link.href, `dezky-sign-in-${client}`, 'popup,width=480,height=680');
        if (opened) e.preventDefault(); // where windows are blocked the link opens a tab
      },
      options,
    );
    dialog.showModal();
  }).finally(() => (asking = null)));
}

/* ---- The extension ---- */
htmx.registerExtension('dz-session', {
  init(api) {
    // lets htmx run under require-trusted-types-for 'script'; trusted-types htmx
    if (self.trustedTypes)
      api.initSecurity(trustedTypes.createPolicy('htmx', { createHTML: s => s, createScript: s => s }));
  },
  htmx_config_request(element, { ctx }) {
    if (!/GET|HEAD/.test(ctx.request.method)) ctx.request.headers['X-CSRFToken'] = csrf();
  },
  htmx_before_request(element, { ctx }) {
    const send = ctx.fetch;
    if (send.isWrapped) return;
    const again = (url, request) => {
      if (request.headers['X-CSRFToken']) request.headers['X-CSRFToken'] = csrf();
      if (request.body?.has?.('csrfmiddlewaretoken')) request.body.set('csrfmiddlewaretoken', csrf());
      request.headers['X-Session-Retry'] = '1';
      return send(url, request);
    };
    ctx.fetch = async (url, request) => {
      const sentAt = Date.now();
      let answer = await send(url, request);
      if (answer.status !== 401) return answer;
      clearTimeout(ctx.requestTimeout); // signing in may take minutes
      const stepUpUrl = answer.headers.get('X-Step-Up-Url'); // RFC 9470: a renewal would not do
      if (stepUpUrl) return (await signInAgain(stepUpUrl)) ? again(url, request) : new Response(null, { status: 204 });
      if ((await renewOnce(sentAt)) === RENEWED) {
        answer = await again(url, request);
        if (answer.status !== 401) return answer;
      }
      if (await signInAgain()) return again(url, request);
      return new Response(null, { status: 204 }); // given up: 204 never swaps, page and input stay
    };
    ctx.fetch.isWrapped = true;
  },
});
