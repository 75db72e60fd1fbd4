// What the page's half and the frame's half of the stand-in for Stripe.js share: calls to the API, and the line
// between them. Served inside both scripts; it has no name of its own on the page.
const CONNECTION_ERROR = {
  type: 'api_connection_error',
  message: 'An error occurred with our connection to Stripe. Please check your internet connection and try again.',
};
const NEVER_CAME = 'The stand-in answered something that is no JSON.';

const isGroup = value => value !== null && typeof value === 'object';
// Stripe's form encoding: {card: {number: '42'}} is card[number]=42.
const flatten = (params, prefix = '') =>
  Object.entries(params).flatMap(([name, value]) => {
    const path = prefix ? `${prefix}[${name}]` : name;
    if (value === undefined || value === null) return [];
    return isGroup(value) ? flatten(value, path) : [[path, String(value)]];
  });

// Answers the object, or {error}; it never throws.
async function callApi(home, key, method, path, params = {}) {
  const encoded = new URLSearchParams(flatten(params));
  const isGet = method === 'GET';
  let answer;
  let text;
  try {
    answer = await fetch(`${home}${path}${isGet ? `?${encoded}` : ''}`, {
      method,
      headers: { Authorization: `Bearer ${key}` },
      body: isGet ? undefined : encoded,
      credentials: 'omit',
    });
    text = await answer.text();
  } catch {
    return { error: { ...CONNECTION_ERROR } };
  }
  try {
    const body = JSON.parse(text);
    return answer.ok ? body : { error: body.error };
  } catch {
    return { error: { type: 'api_error', message: NEVER_CAME } };
  }
}

const idOf = clientSecret => clientSecret.split('_secret_')[0];
const pathOf = clientSecret =>
  `/v1/${clientSecret.startsWith('pi_') ? 'payment_intents' : 'setup_intents'}/${idOf(clientSecret)}`;

// One end of a line between two windows of known origins. `tell` sends, `ask` waits for what the other end's
// handler of that name returns. Whatever comes from another window or another origin is not heard.
function openLine(otherWindow, origin, handlers) {
  const asked = new Map();
  let last = 0;
  const send = message => otherWindow()?.postMessage({ stripe: true, ...message }, origin);
  const hear = async event => {
    const { data } = event;
    if (event.origin !== origin || event.source !== otherWindow() || data?.stripe !== true) return;
    if (data.answers) {
      asked.get(data.answers)?.(data.content);
      asked.delete(data.answers);
    } else if (Object.hasOwn(handlers, data.does)) {
      const content = await handlers[data.does](data.content);
      if (data.number) send({ answers: data.number, content });
    }
  };
  addEventListener('message', hear);
  return {
    tell: (does, content) => send({ does, content }),
    ask: (does, content) =>
      new Promise(resolve => {
        last += 1;
        asked.set(last, resolve);
        send({ does, content, number: last });
      }),
    close: () => {
      removeEventListener('message', hear);
      for (const answer of asked.values())
        answer({ error: { type: 'api_error', message: 'The Element was removed while it was at work.' } });
    },
  };
}
