// Signing in over the page, in a window of its own: the session has ended, is about to, or a step-up wants a
// fresh sign-in. What waits goes on afterwards; if somebody else signs in there, it is dropped.
import { client, isSamePerson, onNews } from './page.js';

const AGAIN = `/oidc/${client}/login/?again=1&next=${encodeURIComponent(`/session/done/?client=${client}`)}`;
export const ENDED = 'ended';
export const ENDING = 'ending';
export const STEP_UP = 'step-up';
export const STRANGER = 'stranger'; // somebody else is signed in by now

let asking = null;
export function signInAgain(why = ENDED, url = why === ENDED ? '' : AGAIN) {
  return (asking ??= ask(why, url).finally(() => (asking = null)));
}

// Returns whether the page's own person is back.
function ask(why, url) {
  return new Promise(resolve => {
    const dialog = document.getElementById('reauth');
    if (!dialog) {
      location.reload();
      return;
    }
    const link = dialog.querySelector('[data-sign-in]');
    const stranger = dialog.querySelector('[data-stranger]');
    const controller = new AbortController();
    const options = { signal: controller.signal };
    link.dataset.plain ??= link.getAttribute('href');
    link.href = url || link.dataset.plain;
    const shown = why === STRANGER ? ENDED : why;
    for (const part of dialog.querySelectorAll('[data-when]')) part.hidden = part.dataset.when !== shown;
    let opened = null;
    const close = isBack => {
      controller.abort();
      if (isBack) opened?.close();
      if (dialog.open) dialog.close();
      resolve(isBack);
    };
    // What this person typed is not sent for anybody else. The sign-in service would take the stranger for granted
    // the next time too, so it is told to ask.
    const refuse = () => {
      stranger.hidden = false;
      link.href = AGAIN;
      resolve(false);
    };
    stranger.hidden = true;
    if (why === STRANGER) refuse();
    onNews(news => {
      if (isSamePerson(news)) close(true);
      else refuse();
    }, options);
    dialog.addEventListener('close', () => close(false), options);
    link.addEventListener(
      'click',
      e => {
        opened = window.open(link.href, `dezky-sign-in-${client}`, 'popup,width=480,height=680');
        if (opened) e.preventDefault(); // where windows are blocked the link opens a tab
      },
      options,
    );
    if (!dialog.open) dialog.showModal();
  });
}
