// The form of a hosted invoice: makes a payment method of the card, and sends only that.
const form = document.getElementById('new-card');
const button = form.querySelector('button');
const trouble = document.getElementById('card-error');
const stripe = Stripe(document.body.dataset.key);
const isDark = matchMedia('(prefers-color-scheme: dark)').matches;
const elements = stripe.elements({ appearance: { theme: isDark ? 'night' : 'stripe' } });
const card = elements.create('card', { hidePostalCode: true });
card.mount('#card');
card.on('change', ({ error }) => (trouble.textContent = error?.message ?? ''));
form.addEventListener('submit', async event => {
  event.preventDefault();
  button.disabled = true;
  const { paymentMethod, error } = await stripe.createPaymentMethod({ type: 'card', card });
  button.disabled = false;
  trouble.textContent = error?.message ?? '';
  if (!paymentMethod) return;
  form.elements.payment_method.value = paymentMethod.id;
  form.submit();
});
