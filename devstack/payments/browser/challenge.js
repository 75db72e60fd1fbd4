// The page of a bank that asks its customer: in a frame over the shop's page, or as a page of its own.
const ORIGIN = decodeURIComponent(location.hash.slice(1));
const isFramed = parent !== window && ORIGIN !== '';
const line = isFramed ? openLine(() => parent, ORIGIN, {}) : null;
const buttons = [...document.querySelectorAll('button[value]')];
const trouble = document.querySelector('[role="alert"]');

async function decide(outcome) {
  for (const button of buttons) button.disabled = true;
  trouble.textContent = '';
  try {
    const answer = await fetch(location.pathname, { method: 'POST', body: new URLSearchParams({ outcome }) });
    if (!answer.ok && answer.status !== 400) throw new Error(String(answer.status));
  } catch {
    trouble.textContent = 'Your bank could not be reached. Please try again.';
    for (const button of buttons) button.disabled = false;
    buttons[0].focus();
    return;
  }
  if (line) return line.tell('done');
  const next = document.body.dataset.next;
  next ? location.assign(next) : location.reload();
}
for (const button of buttons) button.addEventListener('click', () => decide(button.value));
addEventListener('keydown', event => event.key === 'Escape' && decide('fail'));
line?.tell('hello');
