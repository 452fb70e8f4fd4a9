// POST /handlers/endless: an endless loop, which the timeout stops.
for (;;);
