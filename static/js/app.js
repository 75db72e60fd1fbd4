// What holds for every page: menus, the theme, and what becomes of the server's answers.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const toast = detail => dispatchEvent(new CustomEvent('toast', { detail }));

/* ---- Menus (popovers): arrow keys, closing on choice, a place where anchors are unknown ---- */
addEventListener(
  'toggle',
  e => {
    const menu = e.target;
    if (!menu.matches?.('.menu')) return;
    const button = $(`[popovertarget="${CSS.escape(menu.id)}"]`);
    button?.setAttribute('aria-expanded', String(e.newState === 'open'));
    if (e.newState !== 'open') return;
    if (button && !CSS.supports('position-area', 'block-end')) place(menu, button);
    $('[autofocus], .menu__i:is(a, button), a, button, input', menu)?.focus({ preventScroll: true });
  },
  true,
);
function place(menu, button) {
  const box = button.getBoundingClientRect();
  const isAbove = box.bottom + menu.offsetHeight + 12 > innerHeight;
  const isRight = menu.classList.contains('menu-end') || box.left + menu.offsetWidth > innerWidth - 8;
  Object.assign(menu.style, {
    inset: 'auto',
    top: `${isAbove ? Math.max(8, box.top - menu.offsetHeight - 12) : box.bottom}px`,
    left: `${Math.max(8, isRight ? box.right - menu.offsetWidth : box.left)}px`,
  });
}
addEventListener('keydown', e => {
  const menu = e.target.closest?.('.menu');
  if (!menu || e.target.matches('input') || !/^(Arrow(Up|Down)|Home|End)$/.test(e.key)) return;
  e.preventDefault();
  const items = $$('.menu__i:is(a, button)', menu);
  const here = items.indexOf(document.activeElement);
  const step = e.key === 'ArrowDown' ? here + 1 : here - 1;
  items.at(e.key === 'Home' ? 0 : e.key === 'End' ? -1 : step % items.length)?.focus();
});
/* ---- Steppers: one more, one less ---- */
addEventListener('click', e => {
  const button = e.target.closest('[data-step]');
  if (!button) return;
  const input = $('input', button.parentElement);
  Number(button.dataset.step) > 0 ? input.stepUp() : input.stepDown();
  input.dispatchEvent(new Event('input', { bubbles: true }));
});
addEventListener('click', e => e.target.closest('.menu__i:is(a, button)')?.closest('.menu')?.hidePopover());

/* ---- The theme: a cookie, so that the server renders it and nothing flashes ---- */
addEventListener('change', e => {
  if (e.target.name !== 'theme') return;
  const theme = e.target.value;
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  const secure = location.protocol === 'https:' ? ';secure' : '';
  document.cookie = `theme=${theme};path=/;max-age=${theme ? 31536000 : 0};samesite=lax${secure}`;
});

/* ---- Navigation: a bar after a moment's wait, then focus and a word for screen readers ---- */
const isBoosted = ({ request: { headers = {} } = {} }) =>
  Boolean(headers['HX-Boosted'] || headers['HX-History-Restore-Request']);
const isDialog = ctx => ctx.target?.id === 'dialog-host';
const bar = () => $('#progress');
let waiting;
addEventListener('htmx:before:request', e => {
  if (!isBoosted(e.detail.ctx) && !isDialog(e.detail.ctx)) return;
  waiting = setTimeout(() => {
    bar()?.classList.remove('done');
    bar()?.classList.add('on');
  }, 120);
});
addEventListener('htmx:finally:request', () => {
  clearTimeout(waiting);
  if (!bar()?.classList.contains('on')) return;
  bar().classList.add('done');
  bar().classList.remove('on');
});
addEventListener('htmx:after:swap', e => {
  const { ctx } = e.detail;
  if (!isBoosted(ctx)) return;
  $$(':popover-open').forEach(open => open.id !== 'toasts' && open.hidePopover());
  const main = $('main');
  main?.focus({ preventScroll: true });
  main?.closest('.panel')?.scrollTo(0, 0);
  const live = $('#live');
  if (live) live.textContent = ctx.title ?? document.title;
});

/* ---- Refusals: what was typed stays; an error page never lands inside a page ---- */
const REFUSED = 'toast-refused';
const KEPT = 'What you typed is still here.';
const REFUSALS = {
  403: ['You may not do this any more', 'Your rights have changed. Reload the page to see what is left.'],
  404: ['This is no longer here', 'Somebody may have removed it. Reload the page to see what has changed.'],
  409: ['This page is out of date', 'Nothing was saved. Copy what you typed, then reload the page.'],
  413: ['That is too large', 'Nothing was saved. Send less, or a smaller file.'],
  429: ['Too many requests', 'Nothing was lost. Wait a moment, then try again.'],
};
const FORM_AGAIN = [409, 412, 422]; // answers that carry the form with what was typed
// Away, too, where it says so in the form itself: the payment service, while the dialog about it is open.
const isFormAgain = ({ status, headers }) =>
  FORM_AGAIN.includes(status) || headers.get('X-Dezky-Away') === 'payments';
const isRead = ctx => /^GET$/i.test(ctx.request?.method ?? 'GET');
const isPoll = ctx => ctx.sourceElement?.getAttribute('hx-trigger')?.startsWith('every');
const keeping = (ctx, text) => (isRead(ctx) ? text : `${KEPT} ${text}`);
function refusal(ctx) {
  const { status, headers } = ctx.response;
  if (REFUSALS[status]) return REFUSALS[status];
  if (headers.get('X-Dezky-Away') === 'identity')
    return ['Sign-in service is away', 'You are still signed in. Try again in a moment.'];
  const title = status === 503 ? 'Something that we need is away' : 'That didn’t go through';
  return [title, keeping(ctx, status === 503 ? 'Try again in a moment.' : 'Try again.')];
}
addEventListener('htmx:after:request', e => {
  const { ctx } = e.detail;
  const { status } = ctx.response;
  if (status < 400 && !isPoll(ctx)) dispatchEvent(new CustomEvent('toast:close', { detail: { id: REFUSED } }));
  if (status < 400 || ctx.response.headers.has('HX-Redirect') || (isBoosted(ctx) && isRead(ctx))) return;
  if (isFormAgain(ctx.response) && !ctx.text.includes('data-error-page')) return;
  e.preventDefault();
  const [title, text] = refusal(ctx);
  toast({ tone: status === 503 || status === 429 ? 'warn' : 'bad', title, text, id: REFUSED });
});
addEventListener('htmx:error', e => {
  if (e.detail.error?.name === 'AbortError') return;
  const { ctx = {} } = e.detail;
  const [title, text] = navigator.onLine
    ? ['That didn’t go through', 'Try again.']
    : ['You are offline', 'Try again once you are connected.'];
  toast({ tone: 'bad', title, text: keeping(ctx, text), id: REFUSED });
});
