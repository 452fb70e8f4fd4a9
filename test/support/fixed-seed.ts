import fc from 'fast-check';

/** Generated tests are the same on every run; another `FUZZ_SEED` looks elsewhere. */
fc.configureGlobal({ seed: Number(process.env['FUZZ_SEED'] ?? 20_261_120) });
