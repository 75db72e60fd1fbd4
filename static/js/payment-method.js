// The form of a new card: as a dialog, or as a page. The card's fields are Stripe's own, in a frame of Stripe's
// origin; no number comes by here. Three steps, and each tells its own trouble where it was made:
//   open     a setup intent from the server, and Stripe.js; both again at «Try again»
//   confirm  the card to Stripe, and to its bank if that asks; whether it was done, only the intent knows
//   save     the method to the server, the same one under the same key until there is an answer
import { GIVEN_UP, newKey, resilientFetch } from './deliver.js';
import { tell } from './page.js';
import { stepAside } from './step-aside.js';
import { appearance, cardStyle, loadStripe, onThemeChange } from './stripe.js';

const NOT_OPENED = {
  script: [
    'The card form didn’t load',
    'It comes from Stripe. Check your connection, and that nothing in this browser blocks it, then try again.',
  ],
  away: ['The payment service doesn’t answer', 'Nothing was changed. Try again in a moment.'],
  403: ['You may not change the card any more', 'Your rights have changed. Reload the page to see what is left.'],
  given: ['The card form waits for you', 'Try again to go on.'],
};
const BROKEN = 'The connection to Stripe broke. Press Save card to go on: nothing is done twice.';
const NOT_SAVED = 'Your bank said yes, but the card is not saved yet. Press Save card to go on: it is not asked again.';
const NEVER_ARRIVED = Symbol('the confirmation never arrived');
const UNKNOWN = { error: { type: 'api_connection_error', message: BROKEN } };

const isUnknown = ({ error }) =>
  ['api_connection_error', 'api_error'].includes(error?.type) || error?.code === 'setup_intent_unexpected_state';

let opener = null; // what opened the dialog, to give it the focus back
addEventListener('htmx:before:request', e => {
  const { ctx } = e.detail;
  if (ctx.target?.id === 'dialog-host') opener = ctx.sourceElement;
});

class CardForm {
  #form;
  #dialog;
  #stripe = null;
  #elements = null;
  #element = null;
  #intent = { key: newKey(), secret: '', seenError: '', isUnsure: false };
  #method = ''; // confirmed, and perhaps not saved yet
  #saveKey = newKey();
  #isBusy = false;
  #life = new AbortController();

  constructor(form) {
    this.#form = form;
    this.#dialog = form.closest('dialog');
    form.addEventListener('submit', e => {
      e.preventDefault();
      this.#submit();
    });
    this.#part('again').addEventListener('click', () => this.open());
    this.#dialog?.addEventListener('close', () => this.#closed());
    onThemeChange(() => this.#paint(), this.#life);
    this.open();
  }

  #part(name) {
    return this.#form.querySelector(`[data-${name}]`);
  }

  /* ---- Open ---- */
  async open() {
    this.#show('loading');
    try {
      const [Stripe, intent] = await Promise.all([this.#load(), this.#setUp()]);
      this.#stripe = Stripe(intent.publishable_key, { locale: 'en' });
      this.#mount();
    } catch (why) {
      this.#notOpened(why);
    }
  }

  #load() {
    return loadStripe(this.#form.dataset.stripeJs).catch(() => Promise.reject('script'));
  }

  // The same key until there is an answer: asked twice over a broken connection, there is one intent.
  async #setUp() {
    let answer;
    try {
      answer = await resilientFetch(this.#form.dataset.setupUrl, {
        method: 'POST',
        headers: { Accept: 'application/json', 'Idempotency-Key': this.#intent.key },
      });
    } catch {
      throw 'away';
    }
    if (answer.headers.has(GIVEN_UP)) throw 'given';
    if (!answer.ok) this.#intent.key = newKey(); // a customer may have been made: to ask anew is safe, and no repetition
    if (!answer.ok) throw answer.status === 403 ? '403' : (await detailOf(answer)) || 'away';
    const intent = await answer.json();
    this.#intent.secret = intent.client_secret;
    return intent;
  }

  #mount() {
    this.#element?.destroy();
    const node = this.#part('mount');
    if (this.#form.dataset.element === 'card') {
      this.#elements = this.#stripe.elements();
      this.#element = this.#elements.create('card', { hidePostalCode: true, style: cardStyle(this.#form) });
    } else {
      // Without the secret: a new intent later costs nobody what is typed.
      const setup = { mode: 'setup', currency: this.#form.dataset.currency, paymentMethodTypes: ['card'] };
      this.#elements = this.#stripe.elements({ ...setup, appearance: appearance(this.#form) });
      this.#element = this.#elements.create('payment', { wallets: { applePay: 'never', googlePay: 'never' } });
    }
    const isMine = act => detail => this.#form.isConnected && act(detail);
    this.#element.on('ready', isMine(() => this.#ready()));
    this.#element.on('loaderror', isMine(() => this.#notOpened('script')));
    this.#element.on('change', isMine(detail => this.#changed(detail)));
    this.#element.on('escape', isMine(() => this.#part('cancel').click()));
    this.#show('mounting');
    this.#element.mount(node);
  }

  // Some banks take the whole browser: it comes back to the page with the intent, and goes on where it was.
  #ready() {
    this.#show('fields');
    const secret = new URLSearchParams(location.search).get('setup_intent_client_secret');
    if (!secret || this.#dialog) return;
    history.replaceState(history.state, '', location.pathname);
    this.#intent = { ...this.#intent, secret, isUnsure: true };
    this.#submit();
  }

  #changed({ empty, error }) {
    // What is typed into the frame counts as unsaved input, and the page asks before it is dropped.
    this.#form.elements.typed.value = empty ? '' : '1';
    this.#say(this.#form.dataset.element === 'card' ? error?.message : '');
  }

  #paint() {
    if (this.#form.dataset.element === 'card') this.#element?.update({ style: cardStyle(this.#form) });
    else this.#elements?.update({ appearance: appearance(this.#form) });
  }

  #notOpened(why) {
    const [title, text] = NOT_OPENED[why] ?? ['The card form can’t be opened', String(why)];
    this.#part('trouble-title').textContent = title;
    this.#part('trouble-text').textContent = text;
    this.#show('trouble');
  }

  // Stripe's frame has to be laid out to become ready.
  #show(stage) {
    this.#part('loading').hidden = !['loading', 'mounting'].includes(stage);
    this.#part('trouble').hidden = stage !== 'trouble';
    this.#part('fields').hidden = !['mounting', 'fields'].includes(stage);
    this.#part('save').disabled = stage !== 'fields';
    if (stage === 'trouble') this.#part('again').focus();
  }

  /* ---- Confirm, then save ---- */
  async #submit() {
    if (this.#isBusy || this.#part('save').disabled) return;
    this.#busy(true);
    this.#say('');
    try {
      this.#method ||= await this.#confirm();
      if (this.#method) await this.#save();
    } finally {
      this.#busy(false);
    }
  }

  async #confirm() {
    const comeBack = stepAside(this.#dialog);
    let outcome;
    try {
      outcome = this.#intent.isUnsure ? UNKNOWN : await this.#ask();
      if (isUnknown(outcome)) outcome = await this.#find();
      if (outcome === NEVER_ARRIVED) outcome = await this.#ask();
    } catch {
      outcome = UNKNOWN;
    } finally {
      comeBack();
    }
    this.#intent.isUnsure = isUnknown(outcome);
    const { error, setupIntent } = outcome;
    if (setupIntent) return methodOf(setupIntent);
    this.#intent.seenError = JSON.stringify(error.setup_intent?.last_setup_error ?? null);
    if (error.type !== 'validation_error' || this.#form.dataset.element === 'card')
      this.#say(isUnknown(outcome) ? BROKEN : error.message);
    return '';
  }

  async #ask() {
    if (this.#form.dataset.element !== 'card') {
      const { error } = await this.#elements.submit();
      if (error) return { error };
    }
    try {
      if (!this.#intent.secret) await this.#setUp();
    } catch (why) {
      return { error: { type: 'setup', message: (NOT_OPENED[why] ?? ['', String(why)]).at(-1) } };
    }
    const clientSecret = this.#intent.secret;
    if (this.#form.dataset.element === 'card')
      return this.#stripe.confirmCardSetup(clientSecret, { payment_method: { card: this.#element } });
    const confirmParams = { return_url: new URL(new URL(this.#form.action).pathname, location.href).href };
    return this.#stripe.confirmSetup({ elements: this.#elements, clientSecret, redirect: 'if_required', confirmParams });
  }

  // The answer was lost: the intent knows whether the work was done.
  async #find() {
    const clientSecret = this.#intent.secret;
    const found = await this.#stripe.retrieveSetupIntent(clientSecret);
    if (found.error) return UNKNOWN;
    const { status, last_setup_error: error } = found.setupIntent;
    if (status === 'succeeded' || status === 'processing') return found;
    if (status === 'requires_action') return this.#stripe.handleNextAction({ clientSecret });
    const isNews = error && JSON.stringify(error) !== this.#intent.seenError;
    return isNews ? { error: { ...error, setup_intent: found.setupIntent } } : NEVER_ARRIVED;
  }

  async #save() {
    let answer;
    try {
      answer = await resilientFetch(this.#form.action, {
        method: 'POST',
        headers: {
          Accept: 'application/json',
          'Content-Type': 'application/x-www-form-urlencoded',
          'Idempotency-Key': this.#saveKey,
        },
        body: `payment_method=${encodeURIComponent(this.#method)}`,
      });
    } catch {
      return this.#say(NOT_SAVED);
    }
    if (answer.headers.has(GIVEN_UP)) return this.#say(NOT_SAVED);
    if (answer.ok) return this.#saved(await answer.json());
    if (answer.status === 409 && answer.headers.has('Idempotent-Replayed')) return this.#saved({ title: 'Card saved' });
    const detail = await detailOf(answer);
    if (answer.status === 422 || answer.status === 404) this.#beginAgain();
    return this.#say(answer.status === 503 || answer.status >= 500 ? NOT_SAVED : detail || NOT_SAVED);
  }

  // This method will not do: what is typed stays, and the next try has an intent of its own.
  #beginAgain() {
    this.#method = '';
    this.#saveKey = newKey();
    this.#intent = { key: newKey(), secret: '', seenError: '', isUnsure: false };
  }

  #saved({ title, text }) {
    this.#form.elements.typed.value = '';
    if (!this.#dialog) return location.assign(this.#form.dataset.next);
    this.#dialog.dispatchEvent(new CustomEvent('dialog:close', { bubbles: true }));
    document.body.dispatchEvent(new CustomEvent('billing:changed', { bubbles: true }));
    return tell('toast', { title, text });
  }

  /* ---- What is seen of it ---- */
  #say(message = '') {
    const error = this.#part('card-error');
    this.#part('card-error-text').textContent = message;
    error.hidden = !message;
  }

  #busy(isBusy) {
    this.#isBusy = isBusy;
    const save = this.#part('save');
    if (isBusy) save.setAttribute('aria-busy', 'true');
    else save.removeAttribute('aria-busy');
    this.#part('working').textContent = isBusy ? 'Saving the card…' : '';
    for (const button of this.#form.querySelectorAll('[data-close]')) button.inert = isBusy;
  }

  #closed() {
    if (this.#dialog.open) return; // it only stepped aside
    this.#life.abort();
    this.#element?.destroy();
    const back = opener?.isConnected ? opener : document.querySelector('[data-card-opener]');
    back?.focus();
  }
}

const methodOf = ({ payment_method: method }) => (typeof method === 'string' ? method : (method?.id ?? ''));
const detailOf = answer =>
  answer.json().then(
    ({ detail }) => detail ?? '',
    () => '',
  );

const known = new WeakSet();
function begin() {
  for (const form of document.querySelectorAll('form[data-card-form]')) {
    if (known.has(form)) continue;
    known.add(form);
    new CardForm(form);
  }
}
begin();
addEventListener('htmx:after:swap', begin);
