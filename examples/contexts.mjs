// The handlers of this folder with typical input, for the demo and for tests.
//
// Each example has `file`, a path; `context`, as for executeHandler; `summarise`, a short description of a
// result; and `check`, which throws if a result is wrong. Times are part of the data, so results do not
// depend on the clock.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const handler = (name) => ({ name, file: here(`handlers/${name}.js`) });

// Resolved through the package, wherever it is installed. The UMD build needs only the language.
const markedUmd = new URL('lib/marked.umd.js', import.meta.resolve('marked/package.json'));

/** The libraries that the handlers expect in `$lib`. */
export const libraries = { marked: { file: fileURLToPath(markedUmd) } };

const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR' });

const shop = {
  customer: { id: 'c-1017', tier: 'gold' },
  rules: {
    currency: 'EUR',
    minimumTotal: 1_500,
    quantityBreaks: [
      { minQuantity: 10, rate: 500 },
      { minQuantity: 50, rate: 1_200 },
    ],
    tiers: { silver: 300, gold: 700 },
    coupons: {
      SPRING10: { rate: 1_000, validUntil: '2026-03-31', minSubtotal: 50_000 },
      NEWYEAR: { amount: 2_500, validUntil: '2026-01-06' },
    },
    taxRates: {
      DE: { standard: 1_900, reduced: 700 },
      AT: { standard: 2_000, reduced: 1_000 },
    },
  },
};

const pricing = {
  panelId: 'checkout',
  handlerName: 'price-order',
  stateSnapshot: shop,
  capabilities: ['state:read:rules', 'state:read:customer', 'state:write:lastQuote', 'events:emit:order.priced'],
};

const priceOrder = {
  ...handler('price-order'),
  context: {
    ...pricing,
    args: {
      order: {
        id: 'o-20931',
        placedAt: '2026-03-10T09:30:00Z',
        region: 'DE',
        coupons: ['SPRING10', 'NEWYEAR'],
        lines: [
          { sku: 'DESK-140', quantity: 2, unitPrice: 48_900 },
          { sku: 'PAPER-A4', quantity: 60, unitPrice: 449 },
          { sku: 'BOOK-TS', quantity: 12, unitPrice: 3_990, taxClass: 'reduced' },
        ],
      },
    },
  },
  summarise: ({ returnValue }) => `total ${euros.format(returnValue.total / 100)}`,
  check({ returnValue, stateMutations, events, logs }) {
    assert.deepEqual(
      returnValue.lines.map((line) => line.net),
      [97_800, 23_707, 45_486],
    );
    assert.equal(returnValue.subtotal, 166_993);
    assert.equal(returnValue.tierDiscount, 11_690);
    assert.deepEqual(returnValue.coupons, {
      applied: [{ code: 'SPRING10', amount: 15_530 }],
      rejected: [{ code: 'NEWYEAR', reason: 'expired' }],
    });
    assert.equal(returnValue.net, 139_773);
    assert.deepEqual(returnValue.taxes, [
      { taxClass: 'standard', rate: 1_900, base: 101_701, amount: 19_323 },
      { taxClass: 'reduced', rate: 700, base: 38_072, amount: 2_665 },
    ]);
    assert.equal(returnValue.total, 161_761);
    assert.deepEqual(
      stateMutations.map(({ key, value }) => [key, value.total]),
      [['lastQuote', 161_761]],
    );
    assert.deepEqual(events, [
      {
        name: 'order.priced',
        payload: { orderId: 'o-20931', customerId: 'c-1017', total: 161_761, currency: 'EUR' },
      },
    ]);
    assert.deepEqual(logs, [{ level: 'warn', message: 'Coupon NEWYEAR was not applied: expired' }]);
  },
};

const updateProfile = {
  ...handler('update-profile'),
  context: {
    panelId: 'account',
    handlerName: 'update-profile',
    stateSnapshot: {
      profile: {
        id: 'u-4711',
        version: 12,
        displayName: 'Ada King',
        email: 'ada@example.org',
        emailVerified: true,
        phone: '+49301234567',
        website: null,
        locale: 'en-GB',
        interests: ['mathematics'],
        newsletter: false,
        updatedAt: '2025-11-02T18:20:00Z',
      },
    },
    args: {
      changes: {
        displayName: '  Ada   Lovelace ',
        email: 'Ada.Lovelace@Example.org',
        phone: '+49 (0)30 1234-567',
        website: 'analytical.example/engine/',
        locale: 'english',
        interests: ['Poetry', 'mathematics', ' poetry '],
        role: 'admin',
      },
    },
    scope: { userId: 'u-4711', now: '2026-03-10T09:30:00Z' },
    capabilities: ['state:read:profile', 'state:write:profile', 'events:emit:profile.updated', 'view:update:profile.*'],
  },
  summarise: ({ returnValue: { changed, rejected } }) => `${changed.length} changed, ${rejected.length} rejected`,
  check({ returnValue, stateMutations, events, viewCommands, logs }) {
    // The phone number is unchanged after normalisation; the role is not part of the profile.
    const changed = ['displayName', 'email', 'website', 'interests'];
    assert.deepEqual(returnValue, {
      changed,
      rejected: [{ field: 'locale', reason: 'expected a language tag like de-DE' }],
      needsConfirmation: true,
    });
    assert.deepEqual(stateMutations, [
      {
        operation: 'set',
        key: 'profile',
        value: {
          ...updateProfile.context.stateSnapshot.profile,
          version: 13,
          displayName: 'Ada Lovelace',
          email: 'ada.lovelace@example.org',
          emailVerified: false,
          website: 'https://analytical.example/engine',
          interests: ['mathematics', 'poetry'],
          updatedAt: '2026-03-10T09:30:00Z',
        },
      },
    ]);
    assert.deepEqual(events, [
      { name: 'profile.updated', payload: { id: 'u-4711', version: 13, changed, by: 'u-4711' } },
    ]);
    assert.deepEqual(viewCommands, [
      {
        type: 'setFilter',
        componentId: 'profile.history',
        args: [{ since: '2026-03-10T09:30:00Z', fields: changed }],
      },
      { type: 'focus', componentId: 'profile.locale', args: [] },
    ]);
    assert.deepEqual(
      logs.map(({ level, message }) => `${level}: ${message}`),
      ['warn: Ignored "role": it cannot be changed here', 'info: Profile u-4711: 4 changed, 1 rejected'],
    );
  },
};

const validateForm = {
  ...handler('validate-form'),
  context: {
    panelId: 'signup',
    handlerName: 'validate-form',
    args: {
      form: {
        fullName: 'Grace Hopper',
        email: 'grace.hopper@example',
        password: 'Hopper-1906!',
        passwordRepeat: 'Hopper-1906!',
        birthDate: '1992-02-29',
        country: 'NL',
        postalCode: '1012 jS',
        payment: 'debit',
        // One digit is wrong: NL91 ABNA 0417 1643 00 is valid.
        iban: 'NL91 ABNA 0417 1643 01',
        acceptTerms: true,
      },
    },
    scope: { minimumAge: 18, minimumPasswordLength: 10, today: '2026-03-10' },
    capabilities: ['state:write:errors', 'view:update:signup.*'],
  },
  summarise: ({ returnValue: { valid, errors } }) => (valid ? 'valid' : `${Object.keys(errors).length} errors`),
  check({ returnValue, stateMutations, viewCommands }) {
    const errors = {
      email: 'is not an e-mail address',
      password: 'must not contain your name or e-mail',
      iban: 'has a wrong check digit',
    };
    assert.deepEqual(returnValue, { valid: false, errors });
    assert.deepEqual(stateMutations, [{ operation: 'set', key: 'errors', value: errors }]);
    assert.deepEqual(viewCommands, [{ type: 'focus', componentId: 'signup.email', args: [] }]);
  },
};

const renderMarkdown = {
  ...handler('render-markdown'),
  context: {
    panelId: 'preview',
    handlerName: 'render-markdown',
    args: {
      markdown: readFileSync(here('data/release-notes.md'), 'utf8'),
      site: 'https://docs.harbour.example/',
    },
    // It computes and returns, so it needs no capabilities.
    capabilities: [],
  },
  summarise: ({ returnValue: { html, toc, words } }) =>
    `${html.length} chars of HTML, ${toc.length} headings, ${words} words`,
  check({ returnValue, logs }) {
    const { html, toc } = returnValue;
    assert.deepEqual(
      toc.map(({ depth, id }) => `${depth} ${id}`),
      [
        '1 harbour-4-2-release-notes',
        '2 highlights',
        '2 performance',
        '2 changes',
        '3 imports',
        '3 configuration',
        '3 api',
        '2 fixes',
        '2 upgrading',
      ],
    );
    for (const expected of [
      '<h2 id="upgrading">Upgrading</h2>',
      '<a href="#upgrading">Upgrading</a>',
      '<a href="https://jsonlines.org" title="One JSON value per line" rel="noopener nofollow">JSON Lines</a>',
      '<a href="https://docs.harbour.example/migrate/v2">migration guide</a>',
      '<td align="right">27 min</td>',
      '<code class="language-yaml">',
      '&lt;script&gt;',
    ]) {
      assert.ok(html.includes(expected), `the HTML lacks ${expected}`);
    }
    assert.ok(!html.includes('<script') && !html.includes('href="javascript:'), 'the HTML holds active content');
    assert.deepEqual(logs, [{ level: 'warn', message: 'Removed an unsafe link target: javascript:void(0)' }]);
  },
};

export const examples = [priceOrder, updateProfile, validateForm, renderMarkdown];

/** An example of a bug: the caller forgot the lines of the order. */
export const failing = {
  ...handler('price-order'),
  context: { ...pricing, args: { order: { id: 'o-20932', placedAt: '2026-03-10T09:31:00Z', region: 'DE' } } },
  check({ status, error, stateMutations, events }, source) {
    assert.equal(status, 'error');
    assert.equal(error.code, 'EXECUTION_ERROR');
    const line = source.split('\n').findIndex((text) => text.includes('order.lines.map')) + 1;
    assert.equal(error.location.line, line);
    assert.deepEqual([stateMutations, events], [[], []]);
  },
};
