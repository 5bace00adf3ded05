/** Tests inside the extension host: how they are run, and what they wait for. */
import * as vscode from "vscode";
import type { VizslaApi } from "../../../../editors/vscode/src/extension.ts";

type Body = () => Promise<void> | void;

/** Longer than anything is waited for, and short enough for the tests behind a test that hangs. */
const LONGEST_SECONDS = 200;

/** Run tests one after the other; each is told on its line. */
export async function runAll(tests: Readonly<Record<string, Body>>): Promise<void> {
  const failed: string[] = [];
  for (const [name, body] of Object.entries(tests)) {
    const began = Date.now();
    try {
      await within(LONGEST_SECONDS, body);
      console.log(`ok - ${name} (${Date.now() - began} ms)`);
    } catch (error) {
      failed.push(name);
      console.log(`not ok - ${name}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
  console.log(`# ${Object.keys(tests).length - failed.length} passed, ${failed.length} failed`);
  if (failed.length > 0) throw new Error(`${failed.length} failed`);
}

/** Run a test; one that never ends says how the server stood then. */
async function within(seconds: number, body: Body): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, fail) => {
    timer = setTimeout(async () => {
      const { state } = await activated();
      fail(new Error(`it was not over after ${seconds} seconds; the server: ${JSON.stringify(state)}`));
    }, seconds * 1000);
  });
  try {
    await Promise.race([body(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** The extension, activated. */
export async function activated(): Promise<VizslaApi> {
  const extension = vscode.extensions.getExtension<VizslaApi>("vizsla.vizsla");
  if (extension === undefined) throw new Error("the extension is not there");
  return extension.activate();
}

/** Wait until something holds. */
export async function until<T>(what: string, holds: () => T | Promise<T>, seconds = 180): Promise<NonNullable<T>> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    const value = await holds();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`it never came: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The extension once its server has indexed all folders. */
export async function ready(): Promise<VizslaApi> {
  const api = await activated();
  await until("every folder is indexed", () => {
    const { state } = api;
    if (state.kind === "missing" || state.kind === "stopped") throw new Error(state.problem);
    return state.kind === "serving" && state.roots.length > 0 && state.roots.every(({ activity }) => activity === "ready");
  });
  return api;
}

/** A question without any frills. */
export function never(): vscode.CancellationToken {
  return new vscode.CancellationTokenSource().token;
}

/** What the tests were started with. */
export function environment(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set`);
  return value;
}

/** A file of the first folder. */
export function inFolder(path: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  if (folder === undefined) throw new Error("no folder is open");
  return vscode.Uri.joinPath(folder.uri, path);
}
