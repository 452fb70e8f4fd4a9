// POST /handlers/endless: is stopped.
for (;;);
