/**
 * In the extension host, while a browser asks: what the extension costs, and what the server takes by its own clock.
 * Prints a line of JSON for each fact; times in milliseconds, memory in bytes.
 */
import { existsSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { activated, environment, ready, runAll, until } from "./harness.ts";

const LONGEST_SECONDS = 3600;

/** What is held when all that can be collected is. */
function held(): { heap: number; process: number } {
  setFlagsFromString("--expose-gc");
  (runInNewContext("gc") as () => void)();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, process: rss };
}

function say(fact: object): void {
  console.log(`# ${JSON.stringify(fact)}`);
}

export const run = (): Promise<void> =>
  runAll({
    "what it costs is measured": async () => {
      const before = held();
      const api = await activated();
      await ready();
      const listening = api.onDidAnswer(({ result, isLast }) => {
        say({ answer: { server: result.milliseconds["total"] ?? 0, hits: result.hits.length, isReranked: result.isReranked, isLast } });
      });
      say({ isReady: true });
      await until("the end of the questions", () => existsSync(environment("TEST_DONE")), LONGEST_SECONDS);
      listening.dispose();
      const after = held();
      say({ memory: { heapWon: after.heap - before.heap, host: after.process } });
    },
  });
