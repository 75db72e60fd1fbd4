// Toasts: short messages in a corner, above any open dialog.
// Sent as a `toast` event, from here or by the server: HX-Trigger: {"toast": {"title": "Saved"}}.
const GLYPHS = { ok: 'circle-check', bad: 'circle-alert', warn: 'triangle-alert', info: 'info' };
const SVG = 'http://www.w3.org/2000/svg';
const sprite = document.querySelector('link[data-sprite]')?.href ?? '';
const make = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

function icon(name) {
  const svg = document.createElementNS(SVG, 'svg');
  const use = document.createElementNS(SVG, 'use');
  svg.setAttribute('class', 'i');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `${sprite}#${name}`);
  svg.append(use);
  return svg;
}

// A modal dialog makes all outside it inert: while one is open the box lives inside it, on top of it.
function raise(box) {
  const home = [...document.querySelectorAll('dialog:modal')].at(-1) ?? document.body;
  if (box.parentElement !== home) home.append(box);
  box.hidePopover?.();
  box.showPopover?.();
}
addEventListener(
  'close',
  e => {
    const box = document.getElementById('toasts');
    if (box && e.target !== box && e.target.contains(box)) raise(box);
  },
  true,
);
addEventListener(
  'toggle',
  e => {
    const box = document.getElementById('toasts');
    if (e.target.matches?.('dialog:modal') && box?.childElementCount) raise(box);
  },
  true,
);

// One dialog takes the place of another: the box must not go with the first.
addEventListener('htmx:before:swap', () => {
  const box = document.getElementById('toasts');
  if (box?.closest('#dialog-host')) document.body.append(box);
});

const cameFrom = new WeakMap(); // toast → what had the focus before it
function drop(item) {
  const hadFocus = item?.contains(document.activeElement);
  item?.remove();
  if (hadFocus) cameFrom.get(item)?.focus();
}

function toast({
  title,
  text = '',
  tone = 'ok',
  id = '',
  action = null, // { label, event }: a button that sends the event
  ms = tone === 'bad' || tone === 'warn' ? 0 : 6000,
}) {
  const box = document.getElementById('toasts');
  if (!box) return;
  if (id) drop(document.getElementById(id)); // a newer word on the same matter
  const close = make('button', { type: 'button', className: 'btn btn-ghost btn-icon btn-sm' }, icon('x'));
  close.setAttribute('aria-label', 'Dismiss');
  const words = make('div', { className: 'grow' }, make('b', { textContent: title }));
  if (text) words.append(make('p', { textContent: text }));
  if (action) {
    const button = make('button', { type: 'button', className: 'btn btn-sm', textContent: action.label });
    button.onclick = () => {
      drop(item);
      dispatchEvent(new CustomEvent(action.event));
    };
    words.append(button);
  }
  const item = make('div', { className: `toast t-${tone}`, id }, icon(GLYPHS[tone] ?? 'info'), words, close);
  if (tone === 'bad') item.setAttribute('role', 'alert');
  raise(box);
  box.append(item);
  let timer;
  const arm = () => ms && (timer = setTimeout(() => drop(item), ms));
  item.addEventListener('pointerenter', () => clearTimeout(timer));
  item.addEventListener('pointerleave', arm);
  item.addEventListener('focusin', e => {
    clearTimeout(timer);
    if (e.relatedTarget && !item.contains(e.relatedTarget)) cameFrom.set(item, e.relatedTarget);
  });
  item.addEventListener('focusout', arm);
  close.onclick = () => drop(item);
  arm();
}

addEventListener('toast', e => toast(e.detail));
addEventListener('toast:close', e => drop(document.getElementById(e.detail.id)));
addEventListener('click', async e => {
  const button = e.target.closest('[data-copy]');
  if (!button) return;
  await navigator.clipboard.writeText(button.dataset.copy);
  toast({ title: 'Copied' });
});
