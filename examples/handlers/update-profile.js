// Applies the changes of a profile form: normalises each value, keeps those that differ, and reports what it rejected.
const { changes } = $args;
const { profile } = $state;

const collapse = (text) => requireText(text).normalize('NFC').replace(/\s+/g, ' ').trim();

function requireText(value) {
  if (typeof value !== 'string') throw new TypeError('expected text');
  return value;
}

function requireMatch(value, pattern, expected) {
  if (!pattern.test(value)) throw new TypeError(`expected ${expected}`);
  return value;
}

/** The fields that may be changed, each with a function that normalises a value or throws if it is invalid. */
const normalisers = {
  displayName: (value) => requireMatch(collapse(value), /^.{1,60}$/u, '1 to 60 characters'),
  email: (value) => requireMatch(collapse(value).toLowerCase(), /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/, 'an e-mail address'),
  phone(value) {
    // "+49 (0)30 1234-567" is a common way to write +49301234567.
    const digits = requireText(value).replace('(0)', '').replace(/[\s()/.-]/g, '').replace(/^00/, '+');
    return requireMatch(digits, /^\+[1-9]\d{6,14}$/, 'a number with its country code, like +49 30 1234567');
  },
  website(value) {
    const address = collapse(value);
    const complete = /^[a-z][a-z\d+.-]*:/i.test(address) ? address : `https://${address}`;
    return requireMatch(complete.replace(/\/$/, ''), /^https?:\/\/[\w-]+(\.[\w-]+)+(\/\S*)?$/i, 'a web address');
  },
  locale(value) {
    const [language, region] = collapse(value).split(/[-_]/);
    const tag = region ? `${language.toLowerCase()}-${region.toUpperCase()}` : language.toLowerCase();
    return requireMatch(tag, /^[a-z]{2,3}(-[A-Z]{2})?$/, 'a language tag like de-DE');
  },
  interests(values) {
    if (!Array.isArray(values)) throw new TypeError('expected a list');
    return [...new Set(values.map((value) => collapse(value).toLowerCase()))].filter(Boolean).sort();
  },
  newsletter: (value) => value === true || ['yes', 'on', 'true', '1'].includes(String(value).toLowerCase()),
};

/** A form sends an emptied input as "". */
const clearable = ['phone', 'website'];
const isEmpty = (value) => value === null || value === '';
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);

const applied = {};
const rejected = [];
for (const [field, value] of Object.entries(changes)) {
  // hasOwn, because a field named "constructor" must not match a property of the prototype.
  if (!Object.hasOwn(normalisers, field)) {
    $log.warn(`Ignored "${field}": it cannot be changed here`);
    continue;
  }
  try {
    const normalised = isEmpty(value) && clearable.includes(field) ? null : normalisers[field](value);
    if (!same(normalised, profile[field] ?? null)) applied[field] = normalised;
  } catch (error) {
    rejected.push({ field, reason: error.message });
  }
}

const changed = Object.keys(applied);
if (changed.length > 0) {
  const next = { ...profile, ...applied, version: profile.version + 1, updatedAt: $scope.now };
  // A new address is unverified until its owner has answered the confirmation mail.
  if (changed.includes('email')) next.emailVerified = false;
  // Always a new object: only the assignment to a key of $state is recorded.
  $state.profile = next;
  $emit('profile.updated', { id: profile.id, version: next.version, changed, by: $scope.userId });
  $view.setFilter('profile.history', { since: $scope.now, fields: changed });
}
if (rejected.length > 0) $view.focus(`profile.${rejected[0].field}`);
$log(`Profile ${profile.id}: ${changed.length} changed, ${rejected.length} rejected`);

return { changed, rejected, needsConfirmation: changed.includes('email') };
