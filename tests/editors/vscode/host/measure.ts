/** In the extension host: what the extension costs. Prints one line of JSON; times in milliseconds, memory in bytes. */
import { readFileSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { activated, environment, never, ready, runAll } from "./harness.ts";

/** What is held when all that can be collected is. */
function held(): { heap: number; process: number } {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, process: rss };
}

export const run = (): Promise<void> =>
  runAll({
    "what it costs is measured": async () => {
      const before = held();
      const began = performance.now();
      const api = await activated();
      const activation = performance.now() - began;
      await ready();
      const indexed = performance.now() - began;
      const questions = readFileSync(environment("TEST_QUESTIONS"), "utf8").split("\n").filter((line) => line !== "");
      const answers: { roundTrip: number; server: number; isReranked: boolean }[] = [];
      for (const question of questions) {
        const asked = performance.now();
        const { milliseconds, isReranked } = await api.search(question, never());
        answers.push({ roundTrip: performance.now() - asked, server: milliseconds["total"] ?? 0, isReranked });
      }
      const after = held();
      const memory = { heapBefore: before.heap, heapAfter: after.heap, processBefore: before.process, processAfter: after.process };
      console.log(`# ${JSON.stringify({ activation, indexed, memory, answers })}`);
    },
  });
