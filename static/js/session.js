// The session under htmx: every request of a page is delivered as `deliver.js` says. A write keeps its key as long
// as the same form says the same and has no answer yet, so that pressing again after a failure is no second write.
import { deliver, givenUp, isFinal, isWrite, newKey } from './deliver.js';
import { csrf } from './page.js';

const DOUBLE_CLICK_MS = 1000; // how long the same words from the same form are a second click and nothing new
const writes = new WeakMap(); // element → its last write: { said, key, answer }

const words = body =>
  JSON.stringify(
    [...(body ?? [])]
      .filter(([name]) => name !== 'csrfmiddlewaretoken')
      .map(([name, v]) => [name, v instanceof File ? [v.name, v.size, v.lastModified] : v]),
  );

async function write(element, url, request, send) {
  const said = `${request.method} ${url} ${words(request.body)}`;
  let last = writes.get(element);
  if (last?.said === said && (await last.answer)) return givenUp(); // a second click: its answer has come
  if (last?.said !== said) writes.set(element, (last = { said, key: newKey() }));
  request.headers['Idempotency-Key'] = last.key;
  const delivered = send();
  last.answer = delivered.then(isFinal, () => false);
  if (await last.answer) setTimeout(() => writes.get(element) === last && writes.delete(element), DOUBLE_CLICK_MS);
  return delivered;
}

// A dialog that was closed meanwhile, or a form that is gone, waits for nothing any more.
const isWanted = element => element.isConnected && (element.closest('dialog')?.open ?? true);

htmx.registerExtension('dz-session', {
  init(api) {
    // lets htmx run under require-trusted-types-for 'script'; trusted-types htmx
    if (self.trustedTypes)
      api.initSecurity(trustedTypes.createPolicy('htmx', { createHTML: s => s, createScript: s => s }));
  },
  htmx_config_request(element, { ctx }) {
    if (isWrite(ctx.request)) ctx.request.headers['X-CSRFToken'] = csrf();
  },
  htmx_before_request(element, { ctx }) {
    const send = ctx.fetch;
    if (send.isWrapped) return;
    ctx.fetch = (url, request) => {
      const policy = {
        isWanted: () => isWanted(element),
        onWait: () => clearTimeout(ctx.requestTimeout), // signing in may take minutes
      };
      const go = () => deliver(sent => send(url, sent), request, policy);
      return isWrite(request) ? write(element, url, request, go) : go();
    };
    ctx.fetch.isWrapped = true;
  },
});
