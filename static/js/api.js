// The browsable API: sends what the forms hold with their method, and shows the answer as text.
import { resilientFetch } from './deliver.js';

const answer = document.getElementById('answer');
document.addEventListener('submit', async e => {
  const form = e.target.closest('form[data-api]');
  if (!form) return;
  e.preventDefault();
  const method = e.submitter?.dataset.method ?? form.dataset.api;
  const body = form.elements._content?.value;
  const headers = {
    Accept: 'application/json',
    'X-CSRFToken': form.elements.csrfmiddlewaretoken?.value ?? '',
  };
  if (body !== undefined) headers['Content-Type'] = form.elements._content_type?.value || 'application/json';
  const response = await resilientFetch(form.action, { method, headers, body }).catch(() => null);
  if (!response) {
    answer.textContent = 'No answer. Check your connection and try again.';
  } else {
    const head = [...response.headers].map(([name, value]) => `${name}: ${value}`).join('\n');
    const text = await response.text();
    answer.textContent = `${method} ${form.action}\n\nHTTP ${response.status} ${response.statusText}\n${head}\n\n${tidy(text)}`;
  }
  answer.focus();
});
function tidy(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
