// Identifiers, cryptography and the network. Each program runs in Node and in a handler, and returns plain data.

const IDENTIFIERS = [
  {
    package: 'uuid',
    run: ({ it: { v4, v5, v7, v3, validate, version, parse, NIL } }) => {
      const [first, second] = [v4(), v4()];
      return [
        v5('x.example', v5.DNS),
        v3('x.example', v3.DNS),
        validate(first),
        version(v7()),
        [...parse(NIL)],
        first !== second,
      ];
    },
  },
  {
    package: 'nanoid',
    run: ({ it: { nanoid, customAlphabet, urlAlphabet } }) => {
      const [first, second] = [nanoid(), nanoid()];
      return [
        first.length,
        /^[\w-]{10}$/.test(nanoid(10)),
        /^[ab]{5}$/.test(customAlphabet('ab', 5)()),
        urlAlphabet.length,
        first !== second,
      ];
    },
  },
  {
    package: 'ulid',
    run: ({ it: { ulid, monotonicFactory, decodeTime } }) => {
      const next = monotonicFactory();
      const [first, second] = [next(1000), next(1000)];
      return [ulid(1469918176385).slice(0, 10), decodeTime(ulid(1234567)), first < second, ulid().length];
    },
  },
];

const CRYPTOGRAPHY = [
  {
    package: '@noble/hashes',
    libraries: {
      sha2: '@noble/hashes/sha2.js',
      hmac: '@noble/hashes/hmac.js',
      utils: '@noble/hashes/utils.js',
      scrypt: '@noble/hashes/scrypt.js',
      blake3: '@noble/hashes/blake3.js',
    },
    run: ({
      sha2: { sha256, sha512 },
      hmac: { hmac },
      utils: { bytesToHex, utf8ToBytes },
      scrypt: { scrypt },
      blake3: { blake3 },
    }) => {
      const bytes = utf8ToBytes('héllo');
      return [
        bytesToHex(sha256(bytes)),
        bytesToHex(sha512(bytes)),
        bytesToHex(hmac(sha256, bytes, bytes)),
        bytesToHex(scrypt(bytes, bytes, { N: 16, r: 1, p: 1, dkLen: 16 })),
        bytesToHex(blake3(bytes)),
      ];
    },
  },
  {
    package: 'crypto-js',
    run: ({ it }) => {
      const C = it.default ?? it;
      const secret = C.AES.encrypt('text', 'key').toString();
      return [
        C.SHA256('a').toString(),
        C.HmacSHA1('a', 'k').toString(C.enc.Base64),
        C.MD5('a').toString(),
        C.AES.decrypt(secret, 'key').toString(C.enc.Utf8),
        C.PBKDF2('p', 's', { keySize: 4, iterations: 10 }).toString(),
      ];
    },
  },
  {
    package: 'bcryptjs',
    run: async ({ it }) => {
      const bcrypt = it.default ?? it;
      const hash = bcrypt.hashSync('secret', 4);
      return [
        bcrypt.compareSync('secret', hash),
        bcrypt.compareSync('other', hash),
        bcrypt.getRounds(hash),
        bcrypt.hashSync('x', '$2b$04$abcdefghijklmnopqrstuu'),
      ];
    },
  },
  {
    package: 'jose',
    run: async ({ it: { SignJWT, jwtVerify, decodeJwt } }) => {
      const key = new TextEncoder().encode('a secret of more than thirty-two bytes');
      const token = await new SignJWT({ a: 1 }).setProtectedHeader({ alg: 'HS256' }).sign(key);
      return [token, decodeJwt(token), (await jwtVerify(token, key)).payload];
    },
    note: 'HS256 and the like; RSA and elliptic curves are not in `crypto.subtle`',
  },
];

const NETWORK = [
  {
    package: 'axios',
    run: async ({ it }) => (await (it.default ?? it).get('https://x.example/')).status,
    reason: 'needs a network',
    instead: '`fetch` with the option `network`, or an extension of the application: `await $ext.http.get(url)`',
    noReference: true,
  },
  {
    package: 'got',
    run: async ({ it }) => (await (it.default ?? it)('https://x.example/')).statusCode,
    reason: 'needs a network',
    instead: '`fetch` with the option `network`, or an extension of the application: `await $ext.http.get(url)`',
    noReference: true,
  },
  {
    package: 'node-fetch',
    run: async ({ it }) => (await (it.default ?? it)('https://x.example/')).status,
    reason: 'needs a network',
    instead: '`fetch` with the option `network`, or an extension of the application: `await $ext.http.get(url)`',
    noReference: true,
  },
  {
    package: '@aws-sdk/client-s3',
    run: async ({ it: { S3Client, ListBucketsCommand } }) => {
      const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
      const client = new S3Client({ region: 'eu-west-1', endpoint: 'https://x.example', maxAttempts: 1, credentials });
      return (await client.send(new ListBucketsCommand({}))).Buckets;
    },
    reason: 'needs a network',
    instead: '`fetch` with the option `network` and presigned URLs, or an extension: `await $ext.files.put(key, text)`',
    noReference: true,
  },
  {
    package: 'stripe',
    run: async ({ it }) => (await new (it.default ?? it)('sk_test_x').refunds.list()).data,
    reason: 'needs a network',
    instead: '`fetch` with the option `network` and its `secrets`, or an extension: `await $ext.payments.refund(id)`',
    noReference: true,
  },
];

export const NETWORKING = [...IDENTIFIERS, ...CRYPTOGRAPHY, ...NETWORK];
