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
const isBoosted = ctx => Boolean(ctx.request?.headers?.['HX-Boosted']);
const bar = () => $('#progress');
let waiting;
addEventListener('htmx:before:request', e => {
  if (!isBoosted(e.detail.ctx)) return;
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
const REFUSALS = {
  403: ['You may not do this any more', 'Your rights have changed. Reload the page to see what is left.'],
  404: ['This is no longer here', 'Somebody may have removed it. Reload the page to see what has changed.'],
  409: ['This page is out of date', 'Nothing was saved. Copy what you typed, then reload the page.'],
  413: ['That is too large', 'Nothing was saved. Send less, or a smaller file.'],
  429: ['Too many requests', 'Nothing was lost. Wait a moment, then try again.'],
  503: ['Try again in a moment', 'Something that we need is away. What you typed is still here.'],
};
const AWAY = ['Sign-in service is away', 'Nothing was sent, and what you typed is still here. Try again in a moment.'];
const FORM_AGAIN = [409, 412, 422]; // answers that carry the form with what was typed
addEventListener('htmx:after:request', e => {
  const { ctx } = e.detail;
  const { status } = ctx.response;
  if (status < 400 || (isBoosted(ctx) && ctx.request.method === 'GET')) return;
  if (FORM_AGAIN.includes(status) && !ctx.text.includes('data-error-page')) return;
  e.preventDefault();
  const isIdentity = ctx.response.headers.get('X-Dezky-Away') === 'identity';
  const [title, text] = (isIdentity ? AWAY : REFUSALS[status]) ?? [
    'That didn’t go through',
    'What you typed is still here. Try again.',
  ];
  toast({ tone: status === 503 || status === 429 ? 'warn' : 'bad', title, text, id: `toast-${status}` });
});
addEventListener('htmx:error', e => {
  if (e.detail.error?.name === 'AbortError') return;
  const text = navigator.onLine
    ? 'What you typed is still here. Try again.'
    : 'You are offline. What you typed is still here.';
  toast({ tone: 'bad', title: 'That didn’t go through', text, id: 'toast-error' });
});
