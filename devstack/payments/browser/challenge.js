// The page of a bank that asks its customer: in a frame over the shop's page, or as a page of its own.
const ORIGIN = decodeURIComponent(location.hash.slice(1));
const { next } = document.body.dataset;
const line = parent !== window && ORIGIN ? openLine(() => parent, ORIGIN, {}) : null;
const form = document.querySelector('form');
const trouble = document.querySelector('[role="alert"]');

async function decide(outcome) {
  for (const button of form.elements) button.disabled = true;
  trouble.textContent = '';
  try {
    // In a frame nobody is led anywhere: where the answer is a way on, the page around it goes on by itself.
    const options = { method: 'POST', body: new URLSearchParams({ outcome }), redirect: 'manual' };
    const answer = await fetch(location.pathname, options);
    if (!answer.ok && answer.type !== 'opaqueredirect') throw new Error(String(answer.status));
  } catch {
    trouble.textContent = 'Your bank could not be reached. Please try again.';
    for (const button of form.elements) button.disabled = false;
    form.querySelector('.primary').focus();
    return;
  }
  line ? line.tell('done') : location.assign(next);
}
form?.addEventListener('submit', event => {
  if (!line && !next) return; // as a page of its own the answer leads back to the shop
  event.preventDefault();
  decide(event.submitter.value);
});
addEventListener('keydown', event => event.key === 'Escape' && line && form && decide('fail'));
line?.tell('hello');
