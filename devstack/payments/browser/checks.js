// What can be said of a card's fields without asking anybody. Messages and codes are Stripe's.
const BRANDS = [
  { name: 'amex', label: 'American Express', starts: /^3[47]/, lengths: [15], gaps: [4, 10], cvc: 4 },
  { name: 'diners', label: 'Diners Club', starts: /^3(0[0-5]|[689])/, lengths: [14, 16, 19], gaps: [4, 10] },
  { name: 'jcb', label: 'JCB', starts: /^35/, lengths: [16, 17, 18, 19] },
  { name: 'mastercard', label: 'Mastercard', starts: /^(5[1-5]|2[2-7])/, lengths: [16] },
  { name: 'discover', label: 'Discover', starts: /^6(011|4[4-9]|5)/, lengths: [16, 17, 18, 19] },
  { name: 'unionpay', label: 'UnionPay', starts: /^62/, lengths: [16, 17, 18, 19] },
  { name: 'visa', label: 'Visa', starts: /^4/, lengths: [16] },
];
const UNKNOWN = { name: 'unknown', label: '', lengths: [16], gaps: [4, 8, 12], cvc: 3 };
const MESSAGES = {
  incomplete_number: 'Your card number is incomplete.',
  invalid_number: 'Your card number is invalid.',
  incomplete_expiry: "Your card's expiration date is incomplete.",
  invalid_expiry_month_past: "Your card's expiration date is in the past.",
  invalid_expiry_year_past: "Your card's expiration year is in the past.",
  invalid_expiry_year: "Your card's expiration year is invalid.",
  incomplete_cvc: "Your card's security code is incomplete.",
  incomplete_zip: 'Your postal code is incomplete.',
};
const MAX_YEARS_AHEAD = 50;

const problem = code => ({ type: 'validation_error', code, message: MESSAGES[code] });
const digitsOf = text => text.replace(/\D/g, '');
const brandOf = digits => ({ ...UNKNOWN, ...BRANDS.find(brand => brand.starts.test(digits)) });
const longest = brand => Math.max(...brand.lengths);

function isLuhn(digits) {
  const sum = [...digits].reverse().reduce((total, digit, index) => {
    const value = Number(digit) * (index % 2 ? 2 : 1);
    return total + (value > 9 ? value - 9 : value);
  }, 0);
  return sum % 10 === 0;
}

function formatNumber(text) {
  const digits = digitsOf(text);
  const brand = brandOf(digits);
  return [...digits.slice(0, longest(brand))]
    .map((digit, index) => (brand.gaps.includes(index) ? ` ${digit}` : digit))
    .join('');
}

function formatExpiry(text) {
  let digits = digitsOf(text).slice(0, 4);
  if (/^[2-9]/.test(digits)) digits = `0${digits}`.slice(0, 4);
  const isLeavingMonth = digits.length === 2 && /[\s/]$/.test(text);
  return digits.length > 2 || isLeavingMonth ? `${digits.slice(0, 2)} / ${digits.slice(2)}` : digits;
}

const checkNumber = text => {
  const digits = digitsOf(text);
  const brand = brandOf(digits);
  if (digits.length < Math.min(...brand.lengths)) return problem('incomplete_number');
  return brand.lengths.includes(digits.length) && isLuhn(digits) ? null : problem('invalid_number');
};

function checkExpiry(text, now = new Date()) {
  const digits = digitsOf(text);
  const month = Number(digits.slice(0, 2));
  if (digits.length < 4 || month < 1 || month > 12) return problem('incomplete_expiry');
  const year = 2000 + Number(digits.slice(2));
  if (year < now.getFullYear()) return problem('invalid_expiry_year_past');
  if (year > now.getFullYear() + MAX_YEARS_AHEAD) return problem('invalid_expiry_year');
  const isPast = year === now.getFullYear() && month < now.getMonth() + 1;
  return isPast ? problem('invalid_expiry_month_past') : null;
}

const checkCvc = (text, number) =>
  digitsOf(text).length === brandOf(digitsOf(number)).cvc ? null : problem('incomplete_cvc');
const checkPostal = text => (text.trim().length >= 3 ? null : problem('incomplete_zip'));
