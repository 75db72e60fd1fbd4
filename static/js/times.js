// Times: the server writes them in UTC; here they are shown in the browser's zone.
const language = navigator.languages.find(tag => tag.startsWith('en')) ?? 'en-GB';
const FORMATS = {
  datetime: { dateStyle: 'medium', timeStyle: 'short' },
  date: { dateStyle: 'medium' },
  time: { timeStyle: 'short' },
  day: { dateStyle: 'full' },
};
const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
const format = (moment, style, extra) =>
  new Intl.DateTimeFormat(language, { ...(FORMATS[style] ?? FORMATS.datetime), ...extra }).format(moment);
const relative = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
const STEPS = [
  ['minute', 60],
  ['hour', 3600],
  ['day', 86400],
];
const WEEK = 7 * 86400;

function ago(moment) {
  const seconds = (moment - Date.now()) / 1000;
  const distance = Math.abs(seconds);
  if (distance < 60) return 'just now';
  if (distance > WEEK) return format(moment, 'date');
  const [unit, size] = STEPS.findLast(([, each]) => distance >= each);
  return relative.format(Math.trunc(seconds / size), unit);
}

function showTime(element) {
  const moment = new Date(element.dateTime);
  if (Number.isNaN(moment.getTime())) return;
  const text = 'relative' in element.dataset ? ago(moment) : format(moment, element.dataset.local);
  if (element.textContent !== text) element.textContent = text;
  const utc = format(moment, 'datetime', { timeZone: 'UTC' });
  element.title = `${format(moment, 'datetime')} ${zone} · ${utc} UTC`;
}

// Days of a log are days of the reader: an event of 23:30 UTC may belong under tomorrow's heading.
function regroup(log) {
  const entries = [...log.querySelectorAll('[data-at]')];
  const template = log.querySelector('.day');
  if (!entries.length || !template) return;
  log.querySelectorAll('.day').forEach(heading => heading.remove());
  let last = '';
  for (const entry of entries) {
    const moment = new Date(entry.dataset.at);
    const day = format(moment, 'day');
    if (day === last) continue;
    last = day;
    const heading = template.cloneNode(false);
    heading.textContent = day;
    entry.before(heading);
  }
}

function showAll() {
  document.querySelectorAll('time[data-local]').forEach(showTime);
  document.querySelectorAll('[data-days]').forEach(regroup);
}
showAll();
addEventListener('htmx:after:swap', showAll);
setInterval(() => document.querySelectorAll('time[data-relative]').forEach(showTime), 60000);
