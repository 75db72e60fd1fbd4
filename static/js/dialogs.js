// Dialogs: opened by [data-open], by a `dialog:show` event, or by being swapped into #dialog-host.
// The backdrop closes one only when the press began and ended on it; unsaved input is guarded.
import { waiting } from './page.js';

const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const make = (tag, props, ...children) => {
  const node = Object.assign(document.createElement(tag), props);
  node.append(...children);
  return node;
};

const fingerprint = form =>
  JSON.stringify([...new FormData(form)].map(([name, v]) => [name, v instanceof File ? v.name + v.size : v]));
const untouched = new WeakMap(); // form → its fingerprint when it was shown
const guardedForms = root => $$('form[data-guard]', root);
const isChanged = form => untouched.has(form) && untouched.get(form) !== fingerprint(form);
const isDirty = dialog => guardedForms(dialog).some(isChanged);

function show(dialog) {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  guardedForms(dialog).forEach(form => untouched.set(form, fingerprint(form)));
}

function tryClose(dialog) {
  if ($('[aria-busy="true"]', dialog)) return; // what it began has no answer yet
  if (!isDirty(dialog) && !dialog.hasAttribute('data-static')) return dialog.close();
  if ($('[data-discard]', dialog)) return; // the question is open
  dialog.classList.remove('shake');
  void dialog.offsetWidth; // restarts the animation
  dialog.classList.add('shake');
  if (isDirty(dialog)) askToDiscard(dialog);
}

function askToDiscard(dialog) {
  const here = document.activeElement;
  const foot = $('.dialog__f', dialog);
  const keep = make('button', { type: 'button', className: 'btn btn-sm end', textContent: 'Keep editing' });
  const drop = make('button', {
    type: 'button',
    className: 'btn btn-sm btn-danger',
    textContent: 'Discard changes',
  });
  drop.dataset.discard = '';
  keep.dataset.keep = '';
  const question = make('span', { textContent: 'You have unsaved changes.' });
  const bar = make('div', { className: 'dialog__f dialog__guard', role: 'alert' }, question, keep, drop);
  foot.hidden = true;
  foot.after(bar);
  keep.focus();
  keep.onclick = () => {
    bar.remove();
    foot.hidden = false;
    const first = $('input:checked', dialog) ?? $('input:not([type=hidden]), select, textarea', dialog);
    (here?.closest('form') && !foot.contains(here) ? here : first)?.focus();
  };
  drop.onclick = () => {
    bar.remove();
    foot.hidden = false;
    guardedForms(dialog).forEach(form => form.reset());
    dialog.close();
  };
}

/* ---- Closing ---- */
const isOutside = (dialog, e) => {
  const box = dialog.getBoundingClientRect();
  return e.clientX < box.left || e.clientX > box.right || e.clientY < box.top || e.clientY > box.bottom;
};
const backdropOf = e =>
  e.target instanceof HTMLDialogElement && e.target.open && isOutside(e.target, e) ? e.target : null;
let pressed = null;
addEventListener('pointerdown', e => (pressed = backdropOf(e)), true);
addEventListener(
  'pointerup',
  e => {
    const dialog = backdropOf(e);
    if (dialog && dialog === pressed && !dialog.hasAttribute('data-static')) tryClose(dialog);
    pressed = null;
  },
  true,
);
addEventListener(
  'keydown',
  e => {
    // keydown, because a second `cancel` in a row cannot be prevented
    if (e.key !== 'Escape' || $(':popover-open:not(#toasts)')) return;
    const dialog = $$('dialog:modal').at(-1);
    if (!dialog || !(isDirty(dialog) || dialog.hasAttribute('data-static'))) return;
    e.preventDefault();
    const keep = $('[data-keep]', dialog);
    keep ? keep.click() : tryClose(dialog);
  },
  true,
);
addEventListener(
  'cancel',
  e => {
    if (!e.target.matches?.('dialog') || !(isDirty(e.target) || e.target.hasAttribute('data-static'))) return;
    e.preventDefault();
    tryClose(e.target);
  },
  true,
);
addEventListener(
  'close',
  e => {
    if (!e.target.matches?.('dialog') || e.target.open) return; // opened again at once: it only stepped aside
    guardedForms(e.target).forEach(form => untouched.delete(form));
    if (e.target.parentElement?.id !== 'dialog-host') return;
    e.target.dataset.closed = '';
    setTimeout(() => e.target.remove(), 300); // after it has faded out
  },
  true,
);
addEventListener('click', e => {
  const button = e.target.closest('[data-open], [data-close]');
  if (!button) return;
  if (button.dataset.open) {
    e.preventDefault();
    show(document.getElementById(button.dataset.open));
  } else {
    const dialog = button.closest('dialog');
    if (!dialog) return; // the same link on a whole page goes where it leads
    e.preventDefault();
    dialog.hasAttribute('data-static') && !isDirty(dialog) ? dialog.close() : tryClose(dialog);
  }
});

/* ---- What the server says: a dialog has come; a dialog may close ---- */
addEventListener('htmx:after:swap', () => show($('#dialog-host > dialog:not([open], [data-closed])')));
addEventListener('dialog:close', e => {
  const dialog = e.target.closest?.('dialog') ?? $('#dialog-host > dialog[open]');
  if (!dialog) return;
  guardedForms(dialog).forEach(form => untouched.set(form, fingerprint(form)));
  if (dialog.parentElement?.id === 'dialog-host') dialog.dataset.closed = ''; // a swap may come before its `close`
  dialog.close();
});
addEventListener('dialog:show', e => show(document.getElementById(e.detail.id)));

/* ---- Forms on a page: leaving asks first ---- */
const pageForms = () => guardedForms($('main') ?? document).filter(form => !form.closest('dialog'));
const remember = () =>
  pageForms().forEach(form => untouched.has(form) || untouched.set(form, fingerprint(form)));
remember();
addEventListener('htmx:after:swap', remember);
// Sent without htmx, nothing is lost by leaving; with it, only once the answer says that it was taken.
addEventListener('submit', e => e.defaultPrevented || untouched.delete(e.target));
addEventListener('htmx:after:request', e => {
  const { sourceElement, request, response } = e.detail.ctx;
  const form = sourceElement.closest('form');
  const isTaken = response.status < 400 && !response.headers.has('X-Given-Up');
  if (form && isTaken && request.method !== 'GET' && untouched.has(form)) untouched.set(form, fingerprint(form));
});
addEventListener('beforeunload', e => {
  if (waiting.size || pageForms().some(isChanged)) e.preventDefault();
});
addEventListener('htmx:config:request', e => {
  const { ctx } = e.detail;
  const changed = pageForms().filter(isChanged);
  const isLeaving = ctx.request.headers['HX-Boosted'] && ctx.request.method === 'GET';
  if (!isLeaving || !(changed.length || waiting.size)) return;
  e.preventDefault();
  const question = waiting.size
    ? 'What you did still waits to be sent. Leave without it?'
    : 'You have unsaved changes on this page. Leave without saving?';
  confirmBox(question, isAgreed => {
    if (!isAgreed) return;
    waiting.clear();
    changed.forEach(form => untouched.delete(form));
    ctx.sourceElement.click();
  });
});

/* ---- hx-confirm asks in our dialog instead of the browser's ---- */
function confirmBox(question, done) {
  const dialog = $('#confirm');
  $('[data-question]', dialog).textContent = question;
  dialog.returnValue = '';
  dialog.showModal();
  dialog.addEventListener('close', () => done(dialog.returnValue === 'ok'), { once: true });
}
addEventListener('htmx:confirm', e => {
  const question = e.detail.ctx.confirm;
  if (!question) return;
  e.preventDefault();
  confirmBox(question, isAgreed => (isAgreed ? e.detail.issueRequest() : e.detail.dropRequest()));
});
