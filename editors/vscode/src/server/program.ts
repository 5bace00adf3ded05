/** Runs the commands of the program that serves, for what no request of the protocol does. */
import { execFile } from "node:child_process";
import { homedir } from "node:os";
import type { Launch } from "./lookup.ts";

const MOST_MILLISECONDS = 60_000;

/**
 * What a command prints.
 *
 * @param cacheDirectory - where the server keeps its files, when a setting of the editor says so
 * @throws Error with the sentence that the command says
 */
export function run(launch: Launch, words: readonly string[], cacheDirectory: string): Promise<string> {
  const env = { ...process.env };
  if (cacheDirectory !== "") env["VIZSLA_CACHE_DIR"] ??= cacheDirectory;
  const options = { cwd: homedir(), env, timeout: MOST_MILLISECONDS, maxBuffer: 1 << 24 };
  return new Promise((done, fail) => {
    execFile(launch.command, [...launch.args, ...words], options, (error, stdout, stderr) => {
      if (error === null) done(stdout.trim());
      else fail(new Error(sentenceOf(stderr) ?? `'${launch.command}' did not do it: ${error.message}`));
    });
  });
}

/** The last thing that a program said of itself, without its name. */
function sentenceOf(stderr: string): string | undefined {
  const lines = stderr.split("\n").map((line) => line.trim());
  return lines.findLast((line) => line.startsWith("vizsla: "))?.slice("vizsla: ".length);
}
