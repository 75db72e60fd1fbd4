// The page's half of an Element: a frame of the stand-in's origin, and what it says.
const TITLES = { payment: 'Secure payment input frame', card: 'Secure card payment input frame' };
const HELLO_WITHIN_MS = 5000;
let framesMade = 0;

function integrationError(message) {
  const error = new Error(message);
  error.name = 'IntegrationError';
  return error;
}

function makeFrame(path, title) {
  const frame = document.createElement('iframe');
  framesMade += 1;
  const address = `${HOME}${path}#${encodeURIComponent(location.origin)}`;
  Object.assign(frame, { name: `__privateStripeFrame${framesMade}`, title, src: address, allow: 'payment *' });
  return frame;
}

const schemeOf = appearance => (appearance?.theme === 'night' ? 'dark' : 'light');

class StripeElement {
  #listeners = new Map();
  #group;
  #options;
  #line = null;
  #frame = null;
  #node = null;
  #isReady = false;
  #isDestroyed = false;

  constructor(group, kind, options = {}) {
    this.#group = group;
    this.kind = kind;
    this.#options = options;
  }

  mount(where) {
    if (this.#isDestroyed)
      throw integrationError('This Element has already been destroyed. Please create a new one.');
    const node = typeof where === 'string' ? document.querySelector(where) : where;
    if (!node) throw integrationError(`The selector you specified (${where}) applies to no DOM elements.`);
    this.unmount();
    this.#node = node;
    this.#frame = makeFrame('/elements/card.html', TITLES[this.kind]);
    Object.assign(this.#frame.style, {
      border: '0',
      display: 'block',
      width: '100%',
      height: this.kind === 'card' ? '24px' : '150px',
      // A frame whose scheme is another than its page's is painted on an opaque ground.
      colorScheme: schemeOf(this.#group.appearance),
    });
    const frame = this.#frame;
    this.#line = openLine(() => frame.contentWindow, HOME, {
      hello: () => this.#setUp(),
      height: pixels => (frame.style.height = `${pixels}px`),
      happened: ({ name, detail }) => this.#happened(name, detail),
    });
    frame.addEventListener('load', () => setTimeout(() => this.#giveUp(frame), HELLO_WITHIN_MS));
    node.classList.add('StripeElement');
    node.replaceChildren(frame);
  }

  unmount() {
    this.#line?.close();
    this.#frame?.remove();
    this.#node?.classList.remove('StripeElement', 'StripeElement--focus', 'StripeElement--invalid');
    this.#line = this.#frame = this.#node = null;
    this.#isReady = false;
  }

  destroy() {
    this.unmount();
    this.#isDestroyed = true;
    this.#group.forget(this);
  }

  on(name, listener) {
    this.#listeners.set(name, [...(this.#listeners.get(name) ?? []), listener]);
    return this;
  }

  off(name, listener) {
    const kept = (this.#listeners.get(name) ?? []).filter(known => listener && known !== listener);
    this.#listeners.set(name, kept);
    return this;
  }

  once(name, listener) {
    const first = detail => {
      this.off(name, first);
      listener(detail);
    };
    return this.on(name, first);
  }

  update(options) {
    this.#options = { ...this.#options, ...options };
    this.refresh();
  }

  refresh() {
    if (this.#frame) this.#frame.style.colorScheme = schemeOf(this.#group.appearance);
    this.#line?.tell('update', this.#settings());
  }

  focus() {
    this.#line?.tell('focus');
  }

  blur() {
    this.#line?.tell('blur');
  }

  clear() {
    this.#line?.tell('clear');
  }

  ask(action, content) {
    if (!this.#isReady)
      throw integrationError(
        'We could not retrieve data from the specified Element. Please make sure the Element you are attempting ' +
          'to use is still mounted.',
      );
    return this.#line.ask(action, content);
  }

  #settings() {
    const { key, clientSecret, appearance, fonts, locale } = this.#group;
    return { kind: this.kind, options: this.#options, key, clientSecret, appearance, fonts, locale };
  }

  #setUp() {
    this.#line.tell('setUp', this.#settings());
  }

  #giveUp(frame) {
    if (this.#frame === frame && !this.#isReady)
      this.#happened('loaderror', { elementType: this.kind, error: { ...CONNECTION_ERROR } });
  }

  #happened(name, detail) {
    if (name === 'ready') this.#isReady = true;
    const marks = this.#node?.classList;
    if (name === 'focus' || name === 'blur') marks?.toggle('StripeElement--focus', name === 'focus');
    if (name === 'change') {
      marks?.toggle('StripeElement--invalid', Boolean(detail.error));
      marks?.toggle('StripeElement--complete', detail.complete);
      marks?.toggle('StripeElement--empty', detail.empty);
    }
    for (const listener of this.#listeners.get(name) ?? []) listener(detail);
  }
}

class StripeElements {
  #made = new Map();

  constructor(key, options = {}) {
    const { clientSecret, appearance = {}, fonts = [], locale = 'auto' } = options;
    Object.assign(this, { key, clientSecret, appearance, fonts, locale });
  }

  create(kind, options) {
    if (!Object.hasOwn(TITLES, kind)) throw integrationError(`${kind} is not a valid Element of this stand-in.`);
    if (this.#made.has(kind)) throw integrationError(`Can only create one Element of type ${kind}.`);
    const element = new StripeElement(this, kind, options);
    this.#made.set(kind, element);
    return element;
  }

  getElement(kind) {
    return this.#made.get(kind) ?? null;
  }

  forget(element) {
    this.#made.delete(element.kind);
  }

  update({ appearance = this.appearance, locale = this.locale } = {}) {
    Object.assign(this, { appearance, locale });
    for (const element of this.#made.values()) element.refresh();
  }

  async fetchUpdates() {
    return {};
  }

  async submit() {
    const element = this.getElement('payment');
    if (!element) throw integrationError('elements.submit() needs a mounted Payment Element.');
    return element.ask('submit');
  }
}
