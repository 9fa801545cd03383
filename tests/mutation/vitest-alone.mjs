// What tests import from "vitest", without its workers, servers and reporters: a process that judges one mutant is
// started a thousand times. The tests are the same, as are the runner and the matchers.
import * as chai from "chai";
import { JestAsymmetricMatchers, JestChaiExpect, JestExtend } from "@vitest/expect";

export { afterAll, afterEach, beforeAll, beforeEach, describe, it, test } from "@vitest/runner";

chai.use(JestExtend);
chai.use(JestChaiExpect);
chai.use(JestAsymmetricMatchers);

export const expect = Object.assign((value, message) => chai.expect(value, message), chai.expect);
