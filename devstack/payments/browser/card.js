// The frame's half of an Element: the card's fields, which nothing outside this origin can read.
const ORIGIN = decodeURIComponent(location.hash.slice(1)) || location.origin;
const find = id => document.getElementById(id);
const form = find('card');
const fieldOf = input => input.closest('.field');
const COUNTRIES = 'AT AU BE CA CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IS IT JP KW LT LU LV MT NL NO PL PT RO SE SI SK US';
const WITH_POSTAL = new Set(['CA', 'GB', 'US']);
const said = new Map(); // input → its problem, once it has been shown
let settings = null;
let touched = '';

const checks = {
  number: () => checkNumber(find('number').value),
  expiry: () => checkExpiry(find('expiry').value),
  cvc: () => checkCvc(find('cvc').value, find('number').value),
  postal: () => checkPostal(find('postal').value),
};
const inUse = () => Object.keys(checks).filter(id => !fieldOf(find(id)).hidden);
const problems = () => inUse().map(id => [id, checks[id]()]);

/* ---- What is shown ---- */
function show(id, error) {
  const input = find(id);
  fieldOf(input).classList.toggle('bad', Boolean(error));
  input.toggleAttribute('aria-invalid', Boolean(error));
  if (error) input.setAttribute('aria-invalid', 'true');
  find(`${id}-error`).textContent = error?.message ?? '';
  if (error) said.set(id, error);
  else said.delete(id);
}

function countries() {
  const names = new Intl.DisplayNames(['en'], { type: 'region' });
  const options = COUNTRIES.split(' ')
    .map(code => new Option(names.of(code), code))
    .sort((a, b) => a.text.localeCompare(b.text));
  const select = find('country');
  if (select.options.length) return;
  select.append(...options);
  const own = new Intl.Locale(navigator.language).region;
  select.value = COUNTRIES.split(' ').includes(own) ? own : 'DE';
}

function arrange() {
  const { kind, options = {} } = settings;
  const address = options.fields?.billingDetails?.address;
  const isNever = part => address === 'never' || options.fields?.billingDetails === 'never' || address?.[part] === 'never';
  const isCard = kind === 'card';
  fieldOf(find('country')).hidden = isCard || isNever('country');
  fieldOf(find('postal')).hidden = isCard
    ? options.hidePostalCode === true
    : isNever('postalCode') || fieldOf(find('country')).hidden || !WITH_POSTAL.has(find('country').value);
  for (const input of form.elements) input.disabled = options.disabled === true;
}

function paint() {
  const { kind, options = {}, appearance = {} } = settings;
  const root = document.documentElement;
  root.dataset.kind = kind;
  root.dataset.theme = appearance.theme ?? 'stripe';
  for (const [name, value] of Object.entries(appearance.variables ?? {})) root.style.setProperty(`--${name}`, value);
  const { base = {}, invalid = {} } = options.style ?? {};
  const given = {
    '--colorText': base.color,
    '--fontFamily': base.fontFamily,
    '--fontSizeBase': base.fontSize,
    '--colorTextPlaceholder': base['::placeholder']?.color,
    '--colorTextSecondary': base.iconColor ?? base.color,
    '--colorPrimary': base.color,
    '--colorDanger': invalid.color,
  };
  for (const [name, value] of Object.entries(given)) if (value) root.style.setProperty(name, value);
  if (base.colorScheme ?? appearance.theme === 'night') root.style.colorScheme = 'dark';
}

function loadFonts() {
  for (const { family, src, weight = '400', style = 'normal' } of settings.fonts ?? [])
    if (src) new FontFace(family, src, { weight, style }).load().then(face => document.fonts.add(face), () => {});
}

const measure = () => line.tell('height', Math.ceil(document.querySelector('main').getBoundingClientRect().height));

/* ---- What is said to the page ---- */
const isEmpty = () => inUse().every(id => !find(id).value);
const happened = (name, detail = {}) => line.tell('happened', { name, detail: { elementType: settings.kind, ...detail } });
let lastChange = '';
function changed() {
  const error = [...said.values()][0];
  const complete = problems().every(([, found]) => !found);
  const detail = { empty: isEmpty(), complete, error, brand: brandOf(digitsOf(find('number').value)).name };
  detail.value = settings.kind === 'card' ? { postalCode: find('postal').value } : { type: 'card' };
  const text = JSON.stringify(detail);
  if (text !== lastChange) happened('change', detail);
  lastChange = text;
  measure();
}

function validate() {
  const found = problems().filter(([, error]) => error);
  problems().forEach(([id, error]) => show(id, error));
  if (!found.length) return null;
  find(found[0][0]).focus();
  changed();
  return found[0][1];
}

/* ---- Typing ---- */
const writers = {
  number: formatNumber,
  expiry: formatExpiry,
  cvc: text => digitsOf(text).slice(0, brandOf(digitsOf(find('number').value)).cvc),
  postal: text => text.slice(0, 12),
};
const next = { number: 'expiry', expiry: 'cvc', cvc: 'postal' };

function rewrite(input, isDeleting) {
  const caret = input.selectionStart;
  const isAtEnd = caret === input.value.length;
  const before = digitsOf(input.value.slice(0, caret)).length;
  const text = isDeleting && input.id === 'expiry' ? input.value.replace(/\s*\/\s*$/, '') : input.value;
  const written = isDeleting && input.id === 'expiry' && !text.includes('/') ? text : writers[input.id](text);
  if (written !== input.value) input.value = written;
  if (isAtEnd || input.id === 'postal') return;
  let place = 0;
  for (let seen = 0; place < input.value.length && seen < before; place += 1) if (/\d/.test(input.value[place])) seen += 1;
  input.setSelectionRange(place, place);
}

form.addEventListener('input', event => {
  const input = event.target;
  if (input.id === 'country') {
    arrange();
    return changed();
  }
  const isDeleting = event.inputType?.startsWith('delete');
  rewrite(input, isDeleting);
  if (input.id === 'number') {
    find('brand').textContent = brandOf(digitsOf(input.value)).label;
    if (find('cvc').value) writers.cvc(find('cvc').value);
  }
  const found = checks[input.id]();
  const isWrong = found && !found.code.startsWith('incomplete');
  show(input.id, isWrong ? found : null);
  changed();
  const isAtEnd = input.selectionStart === input.value.length;
  const following = next[input.id] && find(next[input.id]);
  if (!found && !isDeleting && isAtEnd && following && !fieldOf(following).hidden && input.id !== 'postal') following.focus();
});
form.addEventListener('focusout', event => {
  const { id, value } = event.target;
  if (checks[id] && value) show(id, checks[id]());
  changed();
  setTimeout(() => document.hasFocus() && form.contains(document.activeElement) || left());
});
form.addEventListener('focusin', () => {
  if (touched) return;
  touched = 'focus';
  happened('focus');
});
function left() {
  if (!touched) return;
  touched = '';
  happened('blur');
}
addEventListener('keydown', event => event.key === 'Escape' && happened('escape'));
form.addEventListener('submit', event => event.preventDefault());

/* ---- What the page asks for ---- */
const cardData = billingDetails => {
  const digits = digitsOf(find('expiry').value);
  const isShown = id => !fieldOf(find(id)).hidden;
  const address = {
    country: isShown('country') ? find('country').value : undefined,
    postal_code: isShown('postal') ? find('postal').value : undefined,
  };
  return {
    type: 'card',
    card: {
      number: digitsOf(find('number').value),
      exp_month: Number(digits.slice(0, 2)),
      exp_year: 2000 + Number(digits.slice(2)),
      cvc: find('cvc').value,
    },
    billing_details: { ...billingDetails, address: { ...address, ...billingDetails?.address } },
  };
};
const create = billingDetails =>
  callApi(location.origin, settings.key, 'POST', '/v1/payment_methods', cardData(billingDetails));
const working = async act => {
  const error = validate();
  if (error) return { error };
  const inputs = [...form.elements].filter(input => !input.disabled);
  for (const input of inputs) input.readOnly = true;
  try {
    return await act();
  } finally {
    for (const input of inputs) input.readOnly = false;
  }
};

async function setUp(given) {
  settings = given;
  countries();
  paint();
  arrange();
  loadFonts();
  if (settings.kind === 'payment' && settings.clientSecret) {
    const { key, clientSecret } = settings;
    const found = await callApi(location.origin, key, 'GET', pathOf(clientSecret), { client_secret: clientSecret });
    if (found.error) return happened('loaderror', { error: found.error });
  }
  form.hidden = false;
  measure();
  happened('ready');
}

const line = openLine(() => parent, ORIGIN, {
  setUp,
  update: given => {
    settings = given;
    paint();
    arrange();
    measure();
  },
  focus: () => find('number').focus(),
  blur: () => document.activeElement?.blur(),
  clear: () => {
    form.reset();
    inUse().forEach(id => show(id, null));
    find('brand').textContent = '';
    changed();
  },
  submit: () => {
    const error = validate();
    return error ? { error } : { selectedPaymentMethod: 'card' };
  },
  // The real one sends the card with the confirmation, which Stripe's description of its API does not tell of.
  confirm: ({ clientSecret, returnUrl, billingDetails }) =>
    working(async () => {
      const method = await create(billingDetails);
      if (method.error) return method;
      return callApi(location.origin, settings.key, 'POST', `${pathOf(clientSecret)}/confirm`, {
        client_secret: clientSecret,
        payment_method: method.id,
        return_url: returnUrl,
      });
    }),
  create: ({ billingDetails }) => working(() => create(billingDetails)),
});
new ResizeObserver(measure).observe(document.querySelector('main'));
line.tell('hello');
