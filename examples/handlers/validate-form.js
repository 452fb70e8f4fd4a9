// Validates a sign-up form. Each field has rules in order; the first rule that fails provides the field's message.
const { minimumAge, minimumPasswordLength, today } = $scope;

// Passwords are not trimmed. In other fields, surrounding blanks are removed.
const tidy = ([field, value]) => [field, typeof value !== 'string' || /^password/.test(field) ? value : value.trim()];
const form = Object.fromEntries(Object.entries($args.form).map(tidy));

// No prototype, so that a country named "constructor" is not found.
const POSTAL_CODES = {
  __proto__: null,
  AT: /^\d{4}$/,
  CH: /^\d{4}$/,
  DE: /^\d{5}$/,
  FR: /^\d{5}$/,
  NL: /^\d{4} ?[A-Z]{2}$/i,
};
const IBAN_LENGTHS = { __proto__: null, AT: 20, CH: 21, DE: 22, NL: 18, FR: 27 };

const required = (value) => (value === undefined || value === '' || value === false ? 'is required' : undefined);
const matches = (pattern, message) => (value) => (pattern.test(value) ? undefined : message);

function strongPassword(value) {
  if (value.length < minimumPasswordLength) return `needs at least ${minimumPasswordLength} characters`;
  const kinds = [/\p{Ll}/u, /\p{Lu}/u, /\p{N}/u, /[^\p{L}\p{N}]/u].filter((kind) => kind.test(value)).length;
  return kinds < 3 ? 'needs three of: lower case, upper case, digits, other characters' : undefined;
}

function unlikePersonalData(value, { fullName = '', email = '' }) {
  const parts = [...fullName.split(/\s+/), email.split('@')[0]].filter((part) => part.length >= 4);
  const lower = value.toLowerCase();
  return parts.some((part) => lower.includes(part.toLowerCase())) ? 'must not contain your name or e-mail' : undefined;
}

function realDate(value) {
  const date = new Date(`${value}T00:00:00Z`);
  // Date turns the 30th of February into a day in March. Converting it back shows the difference.
  const exists = !Number.isNaN(date.getTime()) && date.toISOString().startsWith(value);
  return /^\d{4}-\d\d-\d\d$/.test(value) && exists ? undefined : 'is not a date like 1990-12-31';
}

function oldEnough(value) {
  const birthday = `${Number(value.slice(0, 4)) + minimumAge}${value.slice(4)}`;
  return birthday > today ? `you must be at least ${minimumAge}` : undefined;
}

function postalCode(value, { country }) {
  return POSTAL_CODES[country]?.test(value) === false ? `does not exist in ${country}` : undefined;
}

function iban(value) {
  const text = value.replace(/\s/g, '').toUpperCase();
  if (!/^[A-Z]{2}\d{2}[A-Z\d]+$/.test(text)) return 'is not an IBAN';
  const length = IBAN_LENGTHS[text.slice(0, 2)];
  if (length !== undefined && text.length !== length) return `needs ${length} characters`;
  // ISO 7064: move the first four characters to the end, read letters as 10 to 35; the remainder is 1. Too long for a double.
  const digits = (text.slice(4) + text.slice(0, 4)).replace(/[A-Z]/g, (letter) => letter.charCodeAt(0) - 55);
  return BigInt(digits) % 97n === 1n ? undefined : 'has a wrong check digit';
}

const forDebit = (rule) => (value, all) => (all.payment === 'debit' ? rule(value, all) : undefined);

// In the order of the fields in the form: the first invalid one gets the focus.
const rules = {
  fullName: [required, matches(/\S+\s+\S+/, 'needs a first and a last name')],
  email: [required, matches(/^[^\s@]+@[^\s@]+\.[a-z]{2,}$/i, 'is not an e-mail address')],
  password: [required, strongPassword, unlikePersonalData],
  passwordRepeat: [required, (value, { password }) => (value === password ? undefined : 'differs from the password')],
  birthDate: [required, realDate, oldEnough],
  country: [required, (value) => (value in POSTAL_CODES ? undefined : 'is not a country we deliver to')],
  postalCode: [required, postalCode],
  payment: [required, matches(/^(debit|invoice)$/, 'is not a way to pay')],
  iban: [forDebit(required), forDebit(iban)],
  acceptTerms: [required],
};

const errors = {};
for (const [field, checks] of Object.entries(rules)) {
  for (const check of checks) {
    const message = check(form[field], form);
    if (message === undefined) continue;
    errors[field] = message;
    break;
  }
}

const invalid = Object.keys(errors);
$state.errors = errors;
if (invalid.length > 0) $view.focus(`signup.${invalid[0]}`);
// Names of fields only: the values that people enter do not belong in a log.
$log.debug(`sign-up: ${invalid.length === 0 ? 'valid' : `invalid ${invalid.join(', ')}`}`);

return { valid: invalid.length === 0, errors };
