// Keeps a worker busy for as long as it is let.
for (;;) {
  try {
    for (;;) Promise.resolve().then(() => {});
  } catch {
    // Not even an error stops it.
  }
}
