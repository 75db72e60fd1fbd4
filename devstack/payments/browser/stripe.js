// The stand-in for Stripe.js: `Stripe(publishableKey)` with what a page needs to set up a card.
const isIntent = answer => !answer.error;
const AUTHENTICATION_FAILED = {
  type: 'invalid_request_error',
  code: 'setup_intent_authentication_failure',
  message:
    'We are unable to authenticate your payment method. Please choose a different payment method and try again.',
};

// The challenge covers the page as the real one does: a fixed layer at the end of the body, with a great z-index.
// Like the real one's, it lies behind a dialog that is modal.
function challenge(intent) {
  const frame = makeFrame(`/_3ds/${intent.id}`, '3D Secure authentication frame');
  const layer = document.createElement('div');
  Object.assign(layer.style, { position: 'fixed', inset: '0', zIndex: '2147483647' });
  Object.assign(frame.style, { border: '0', width: '100%', height: '100%', colorScheme: 'light' });
  const before = document.activeElement;
  return new Promise(resolve => {
    let isOpen = false;
    const end = answer => {
      line.close();
      layer.remove();
      before?.focus?.();
      resolve(answer);
    };
    const line = openLine(() => frame.contentWindow, HOME, {
      hello: () => {
        isOpen = true;
        frame.focus();
      },
      done: () => end({}),
    });
    const late = () => isOpen || end({ error: { ...CONNECTION_ERROR } });
    frame.addEventListener('load', () => setTimeout(late, HELLO_WITHIN_MS));
    layer.append(frame);
    document.body.append(layer);
  });
}

class StripeObject {
  #key;

  constructor(key) {
    this.#key = key;
  }

  elements(options) {
    return new StripeElements(this.#key, options);
  }

  async retrieveSetupIntent(clientSecret) {
    return this.#named(await this.#retrieve(clientSecret));
  }

  async retrievePaymentIntent(clientSecret) {
    return this.#named(await this.#retrieve(clientSecret));
  }

  async handleNextAction({ clientSecret }) {
    return this.#finish(clientSecret, await this.#retrieve(clientSecret));
  }

  async confirmSetup({ elements, clientSecret, confirmParams = {}, redirect = 'always' }) {
    const { return_url: returnUrl, payment_method_data: data = {}, payment_method: method } = confirmParams;
    if (redirect !== 'if_required' && !returnUrl)
      throw integrationError('stripe.confirmSetup(): the `confirmParams.return_url` argument is required.');
    const secret = clientSecret ?? elements?.clientSecret;
    if (!secret) throw integrationError('stripe.confirmSetup(): a client secret is required.');
    const answer = method
      ? await this.#confirm(secret, { payment_method: method, return_url: returnUrl })
      : await this.#paymentElement(elements).ask('confirm', {
          clientSecret: secret,
          returnUrl,
          billingDetails: data.billing_details,
        });
    const outcome = await this.#finish(secret, answer);
    if (redirect === 'if_required' || outcome.error) return outcome;
    const target = new URL(returnUrl);
    target.searchParams.set('setup_intent', outcome.setupIntent.id);
    target.searchParams.set('setup_intent_client_secret', secret);
    target.searchParams.set('redirect_status', outcome.setupIntent.status);
    location.assign(target);
    return new Promise(() => {});
  }

  async confirmCardSetup(clientSecret, data = {}, { handleActions = true } = {}) {
    const { payment_method: method, return_url: returnUrl } = data;
    const answer =
      typeof method === 'object'
        ? await method.card.ask('confirm', { clientSecret, returnUrl, billingDetails: method.billing_details })
        : await this.#confirm(clientSecret, { payment_method: method, return_url: returnUrl });
    return handleActions ? this.#finish(clientSecret, answer) : this.#named(answer);
  }

  async createPaymentMethod({ type = 'card', card, elements, billing_details: billingDetails, params = {} }) {
    if (type !== 'card') throw integrationError(`This stand-in makes payment methods of type card, not ${type}.`);
    const element = card ?? this.#paymentElement(elements);
    const answer = await element.ask('create', { billingDetails: billingDetails ?? params.billing_details });
    return answer.error ? answer : { paymentMethod: answer };
  }

  #paymentElement(elements) {
    const element = elements?.getElement('payment');
    if (!element) throw integrationError('A mounted Payment Element is required.');
    return element;
  }

  #retrieve(clientSecret) {
    return callApi(HOME, this.#key, 'GET', pathOf(clientSecret), { client_secret: clientSecret });
  }

  #confirm(clientSecret, params) {
    return callApi(HOME, this.#key, 'POST', `${pathOf(clientSecret)}/confirm`, {
      client_secret: clientSecret,
      ...params,
    });
  }

  async #finish(clientSecret, answer) {
    if (!isIntent(answer) || answer.status !== 'requires_action') return this.#named(answer);
    const outcome = await challenge(answer);
    if (outcome.error) return outcome;
    const after = await this.#retrieve(clientSecret);
    if (!isIntent(after) || after.status === 'succeeded' || after.status === 'processing')
      return this.#named(after);
    const said = after.last_setup_error ?? after.last_payment_error ?? AUTHENTICATION_FAILED;
    return { error: { ...said, [after.object]: after } };
  }

  #named(answer) {
    if (answer.error) return { error: answer.error };
    return answer.object === 'payment_intent' ? { paymentIntent: answer } : { setupIntent: answer };
  }
}

globalThis.Stripe = Object.assign(
  key => {
    if (!key) throw integrationError('Please call Stripe() with your publishable key. You used an empty string.');
    if (!String(key).startsWith('pk_'))
      throw integrationError('You should not use your secret key with Stripe.js. Please pass a publishable key.');
    return new StripeObject(key);
  },
  { version: 'dahlia' },
);
