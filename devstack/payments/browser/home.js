// The buttons of the clock.
const clock = document.getElementById('clock');
const trouble = document.querySelector('[role="alert"]');

function later(unit) {
  const then = new Date(document.querySelector('time').dateTime);
  if (unit === 'day') then.setUTCDate(then.getUTCDate() + 1);
  if (unit === 'week') then.setUTCDate(then.getUTCDate() + 7);
  if (unit === 'month') {
    const day = then.getUTCDate();
    then.setUTCDate(1);
    then.setUTCMonth(then.getUTCMonth() + 1);
    const last = new Date(Date.UTC(then.getUTCFullYear(), then.getUTCMonth() + 1, 0)).getUTCDate();
    then.setUTCDate(Math.min(day, last)); // 31 January, one month on, is the last of February
  }
  return then.toISOString();
}

clock.addEventListener('click', async event => {
  const unit = event.target.value;
  if (!unit) return;
  for (const button of clock.children) button.disabled = true;
  const order = unit === 'now' ? { action: 'clock', reset: true } : { action: 'clock', to: later(unit) };
  try {
    const answer = await fetch('/_control', { method: 'POST', body: JSON.stringify(order) });
    if (!answer.ok) throw new Error((await answer.json()).error);
    location.reload();
  } catch (error) {
    trouble.textContent = `The clock was not moved: ${error.message}`;
    for (const button of clock.children) button.disabled = false;
  }
});
