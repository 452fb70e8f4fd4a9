// Allocates memory until there is none left.
const everything = [];
for (;;) everything.push(new Uint8Array(1024 * 1024).fill(1));
