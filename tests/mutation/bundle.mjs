// Bundles the tests of the room, and with them the sources as they are here: what Stryker has put into them included.
import { bundleTests } from "./judged.mjs";
import { room } from "./rooms.mjs";

await bundleTests(room().tests, "build/judge");
