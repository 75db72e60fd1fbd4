// The command palette and shortcuts. Single keys can be switched off (WCAG 2.1.4); Ctrl or ⌘ with K stays.
const $ = (selector, root = document) => root.querySelector(selector);
const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
const KEY = 'dz:single-keys';
const hasSingleKeys = () => localStorage.getItem(KEY) !== 'off';

/* ---- Palette: the links are rendered by the server; this only narrows and chooses ---- */
const palette = () => $('#cmdk');
const options = () => $$('[role=option]', palette()).filter(option => !option.hidden);
function select(option) {
  const input = $('input', palette());
  $$('[aria-selected=true]', palette()).forEach(other => other.setAttribute('aria-selected', 'false'));
  if (!option) return input.removeAttribute('aria-activedescendant');
  option.setAttribute('aria-selected', 'true');
  input.setAttribute('aria-activedescendant', option.id);
  option.scrollIntoView({ block: 'nearest' });
}
function narrow() {
  const words = $('input', palette()).value.trim().toLowerCase().split(/\s+/);
  for (const option of $$('[role=option]', palette())) {
    const text = option.textContent.toLowerCase();
    option.hidden = !words.every(word => text.includes(word));
  }
  for (const group of $$('[role=group]', palette())) group.hidden = !$('[role=option]:not([hidden])', group);
  const [first] = options();
  $('[data-none]', palette()).hidden = Boolean(first);
  $('[role=listbox]', palette()).hidden = !first;
  select(first);
}
function openPalette() {
  const dialog = palette();
  if (!dialog || dialog.open) return;
  $('input', dialog).value = '';
  dialog.showModal();
  narrow();
}
const go = option => {
  palette().close();
  location.assign(option.dataset.href);
};
addEventListener('input', e => e.target.matches('#cmdk input') && narrow());
addEventListener('pointermove', e => {
  const option = e.target.closest?.('#cmdk [role=option]');
  if (option) select(option);
});
addEventListener('click', e => {
  const option = e.target.closest('#cmdk [role=option]');
  if (option) go(option);
  else if (e.target.closest('[data-cmdk]')) openPalette();
});
addEventListener('keydown', e => {
  if (!e.target.matches?.('#cmdk input')) return;
  const all = options();
  const here = all.findIndex(option => option.getAttribute('aria-selected') === 'true');
  if (e.key === 'Enter') {
    e.preventDefault();
    if (all[here]) go(all[here]);
  } else if (all.length && (e.key === 'ArrowDown' || e.key === 'ArrowUp')) {
    e.preventDefault();
    select(all.at((here + (e.key === 'ArrowDown' ? 1 : -1)) % all.length));
  }
});

/* ---- Shortcuts ---- */
const isTyping = e =>
  e.target.closest?.('input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]');
let chord = '';
addEventListener('keydown', e => {
  if ((e.metaKey || e.ctrlKey) && e.key.toLowerCase() === 'k' && palette()) {
    e.preventDefault();
    if (palette().open) palette().close();
    else if (!$('dialog:modal')) openPalette();
    return;
  }
  if (e.metaKey || e.ctrlKey || e.altKey || isTyping(e) || $('dialog:modal') || !hasSingleKeys()) return;
  const field = $('[data-slash]');
  if (e.key === '/' && field) {
    e.preventDefault();
    field.focus();
    field.select();
  } else if (e.key === '?') {
    dispatchEvent(new CustomEvent('dialog:show', { detail: { id: 'keys' } }));
  } else {
    const key = chord ? `${chord} ${e.key}` : e.key;
    chord = e.key === 'g' ? 'g' : '';
    if (chord) setTimeout(() => (chord = ''), 900);
    $(`[data-key="${CSS.escape(key)}"]`)?.click();
  }
});
function start() {
  const box = $('#keys input[name=keys]');
  if (box) box.checked = hasSingleKeys();
  const isMac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
  if (isMac) $$('[data-mod]').forEach(key => (key.textContent = '⌘'));
}
addEventListener('change', e => {
  if (e.target.matches('#keys input[name=keys]')) localStorage.setItem(KEY, e.target.checked ? 'on' : 'off');
});
addEventListener('htmx:after:swap', start);
start();
