/** The least a compiled program can be: its memory is that of the runtime. */
console.log("hello");
await new Promise((resolve) => setTimeout(resolve, 1500));
