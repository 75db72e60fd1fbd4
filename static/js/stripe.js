// Stripe.js, from Stripe's own origin and never from ours, and how its fields look on our pages.
const LOAD_WITHIN_MS = 15_000;

let loading = null;
export function loadStripe(url) {
  if (globalThis.Stripe) return Promise.resolve(globalThis.Stripe);
  return (loading ??= fetchScript(url).finally(() => (loading = null)));
}

function fetchScript(url) {
  return new Promise((resolve, reject) => {
    const script = document.createElement('script');
    const end = () => {
      clearTimeout(timer);
      if (globalThis.Stripe) return resolve(globalThis.Stripe);
      script.remove();
      reject(new Error('Stripe.js did not load'));
    };
    const timer = setTimeout(end, LOAD_WITHIN_MS);
    script.addEventListener('load', end);
    script.addEventListener('error', end);
    script.src = url;
    document.head.append(script);
  });
}

// Stripe reads hex, rgb() and hsl(); our colours are made of light-dark() and oklch(). A pixel knows what they are.
function hex(token, within) {
  const probe = document.createElement('span');
  probe.hidden = true;
  probe.style.color = `var(${token})`;
  within.append(probe);
  const pixel = Object.assign(document.createElement('canvas'), { width: 1, height: 1 }).getContext('2d');
  pixel.fillStyle = getComputedStyle(probe).color;
  probe.remove();
  pixel.fillRect(0, 0, 1, 1);
  const [red, green, blue] = pixel.getImageData(0, 0, 1, 1).data;
  return `#${[red, green, blue].map(part => part.toString(16).padStart(2, '0')).join('')}`;
}

const FONT = 'Inter, system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif';
const isDark = () =>
  (document.documentElement.dataset.theme ?? '') === 'dark' ||
  (!document.documentElement.dataset.theme && matchMedia('(prefers-color-scheme: dark)').matches);

// For the Payment Element.
export function appearance(within) {
  const colour = token => hex(token, within);
  return {
    theme: isDark() ? 'night' : 'stripe',
    variables: {
      colorPrimary: colour('--accent-text'),
      colorBackground: colour('--raised'),
      colorText: colour('--fg'),
      colorTextSecondary: colour('--muted'),
      colorTextPlaceholder: colour('--subtle'),
      colorDanger: colour('--bad'),
      fontFamily: FONT,
      fontSizeBase: '14px',
      spacingUnit: '4px',
      borderRadius: '8px',
    },
  };
}

// For the Card Element, which knows no appearance.
export function cardStyle(within) {
  const colour = token => hex(token, within);
  return {
    base: {
      color: colour('--fg'),
      fontFamily: FONT,
      fontSize: '14px',
      iconColor: colour('--muted'),
      '::placeholder': { color: colour('--subtle') },
    },
    invalid: { color: colour('--bad'), iconColor: colour('--bad') },
  };
}

// Calls back when the page turns dark or light.
export function onThemeChange(tell, { signal }) {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', tell, { signal });
  addEventListener('change', e => e.target.name === 'theme' && tell(), { signal });
}
