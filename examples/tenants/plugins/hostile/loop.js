// Keeps a worker busy for as long as possible.
for (;;) {
  try {
    for (;;) Promise.resolve();
  } catch {
    // Continues after any error.
  }
}
