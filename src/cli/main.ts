#!/usr/bin/env node
import { report, run } from "./program.js";

// A reader that has seen enough, such as head, closes the pipe.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") report(error);
  process.exit();
});

await run(process.argv.slice(2));
