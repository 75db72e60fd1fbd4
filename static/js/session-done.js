// The window in which somebody signed in again: tells the waiting page, then closes itself.
const { client, person, csrf, ends } = document.querySelector('[data-session-done]').dataset;
const key = `dz:session:${client}`;
localStorage.setItem(key, String(Date.now()));
new BroadcastChannel(key).postMessage({ person, token: csrf, ends });
setTimeout(() => close(), 150); // lets the message leave first; a window opened as a tab may stay open
