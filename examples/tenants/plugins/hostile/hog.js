// Takes all the memory that there is.
const everything = [];
for (;;) everything.push(new Uint8Array(1024 * 1024).fill(1));
