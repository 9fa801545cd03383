/** as-pect: the core's own tests, compiled together with it. Run twice, see `test:as` in package.json. */
let specs = 0;

// as-pect is content with no specs at all, and does not load the reporter then.
process.on("exit", () => {
  if (specs === 0) process.exitCode = 1;
});

export default {
  entries: ["tests/as/**/*.spec.ts"],
  include: ["tests/as/**/*.include.ts"],
  disclude: [/node_modules/],
  reporter: "tests/as/reporter.js",
  async instantiate(memory, createImports, instantiate, binary) {
    specs++;
    return instantiate(binary, createImports({ env: { memory } }));
  },
};
