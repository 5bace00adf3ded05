/** Builds an environment with the server in it, and keeps the one before until the new one is whole. It knows no editor. */
import { execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { access, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { programFolder } from "./lookup.ts";

/** What is to be built. */
export interface Building {
  /** The folder of the environment. It is built where it stays: its programs name that folder. */
  readonly place: string;
  /** The interpreter that makes it. */
  readonly python: string;
  /** The server, as a file that pip takes. */
  readonly wheel: string;
}

/** Where the programs that are run tell how they fare. */
export interface Log {
  info(text: string): void;
  warn(text: string): void;
}

/** Nothing was begun and nothing was changed; the message is a sentence for the user. */
export class NotBegun extends Error {}

/** What Windows says of a folder some of whose files are open. */
const IN_USE = ["EACCES", "EBUSY", "EPERM"];
/** The files of a program that has ended are let go of a moment later. */
const PATIENCE = { maxRetries: 5, retryDelay: 200 };

/**
 * Make an environment and install the server. When that fails, or is given up, what was there before is there again.
 *
 * @param move - renames a folder
 * @throws NotBegun when it is being built already, or is in use where that is in the way
 */
export async function build({ place, python, wheel }: Building, signal: AbortSignal, log: Log, move = rename): Promise<void> {
  const before = `${place}.before`;
  const claim = `${place}.making`;
  await mkdir(dirname(place), { recursive: true });
  await claimFor(claim);
  try {
    await setAside(place, before, move);
    try {
      await run(python, ["-m", "venv", place], signal, log);
      await run(programIn(place, "python"), ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", wheel], signal, log);
    } catch (error) {
      await goBack(place, move);
      throw error;
    }
    const beside = (await readdir(dirname(place))).filter((name) => name.startsWith(`${basename(place)}.half-`)); // left by a crash
    for (const useless of [before, ...beside.map((name) => join(dirname(place), name))]) {
      await remove(useless).catch((error: unknown) => log.warn(`${useless} is of no use any more: ${error}`));
    }
  } finally {
    await rm(claim, { force: true });
  }
}

/**
 * Where a window was lost while it built, have the environment before again. Several windows may do so at once.
 *
 * @param move - renames a folder
 */
export async function recover(place: string, move = rename): Promise<void> {
  // That somebody builds is looked at last, as it is said before anything is set aside.
  if (!(await isThere(`${place}.before`)) || (await isThere(programIn(place, "vizsla"))) || (await isBuilding(place))) return;
  await goBack(place, move);
}

/** Take away what is half made and have the environment before again, if there was one; a crash on the way loses neither. */
async function goBack(place: string, move: typeof rename): Promise<void> {
  const half = `${place}.half-${randomUUID()}`;
  await movedIfThere(place, half, move);
  const isBack = await movedIfThere(`${place}.before`, place, move);
  // Another window may have been quicker, and what we took away be what it put back.
  if (!isBack && (await isThere(programIn(half, "vizsla")))) await movedIfThere(half, place, move);
  else await remove(half);
}

async function movedIfThere(from: string, to: string, move: typeof rename): Promise<boolean> {
  try {
    await moved(from, to, move);
    return true;
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return false;
  }
}

async function isBuilding(place: string): Promise<boolean> {
  try {
    return isRunning(Number(await readFile(`${place}.making`, "utf8")));
  } catch (error) {
    if (codeOf(error) !== "ENOENT") throw error;
    return false;
  }
}

/** Say that this process builds, or that another one does. */
async function claimFor(claim: string): Promise<void> {
  try {
    await writeFile(claim, String(process.pid), { flag: "wx" });
  } catch (error) {
    if (codeOf(error) !== "EEXIST") throw error;
    if (isRunning(Number(await readFile(claim, "utf8")))) {
      throw new NotBegun(`The server of Vizsla is being installed already, perhaps by another window; wait for it, or remove '${claim}' if it is not.`);
    }
    await writeFile(claim, String(process.pid)); // of a window that was lost
  }
}

/** Put what is there out of the way; what lies there already was put there before a crash. */
async function setAside(place: string, before: string, move: typeof rename): Promise<void> {
  try {
    if ((await isThere(before)) && !(await isThere(programIn(place, "vizsla")))) return await remove(place);
    await remove(before); // it was replaced
    if (await isThere(place)) await moved(place, before, move);
  } catch (error) {
    if (!IN_USE.includes(codeOf(error) ?? "")) throw error;
    throw new NotBegun(`'${place}' is in use, so nothing was changed; close the other windows of VS Code and try again.`);
  }
}

async function moved(from: string, to: string, move: typeof rename): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return await move(from, to);
    } catch (error) {
      if (!IN_USE.includes(codeOf(error) ?? "") || tries >= PATIENCE.maxRetries) throw error;
      await setTimeout(PATIENCE.retryDelay);
    }
  }
}

function remove(folder: string): Promise<void> {
  return rm(folder, { recursive: true, force: true, ...PATIENCE });
}

/** Run a program to its end. One that is given up is ended with all that it has started, for that would write on. */
function run(command: string, args: string[], signal: AbortSignal, log: Log): Promise<void> {
  return new Promise((done, fail) => {
    signal.throwIfAborted();
    log.info([command, ...args].join(" "));
    const isGrouped = process.platform !== "win32";
    const program = spawn(command, args, { detached: isGrouped, stdio: ["ignore", "pipe", "pipe"], windowsHide: true });
    const said = { info: "", warn: "" };
    program.stdout.setEncoding("utf8").on("data", (text: string) => (said.info += text));
    program.stderr.setEncoding("utf8").on("data", (text: string) => (said.warn += text));
    const end = (): void => endAll(program.pid, isGrouped);
    signal.addEventListener("abort", end, { once: true });
    program.on("error", fail);
    program.on("close", (code, killedBy) => {
      signal.removeEventListener("abort", end);
      if (said.info !== "") log.info(said.info);
      if (said.warn !== "") log.warn(said.warn);
      if (signal.aborted) fail(signal.reason);
      else if (code === 0) done();
      else fail(new Error(`'${command}' ended with ${killedBy ?? code}`));
    });
  });
}

function endAll(pid: number | undefined, isGrouped: boolean): void {
  if (pid === undefined) return;
  if (!isGrouped) execFile("taskkill", ["/pid", String(pid), "/t", "/f"], () => undefined);
  else if (isRunning(-pid)) process.kill(-pid);
}

function programIn(environment: string, name: string): string {
  return join(programFolder(environment, process.platform), process.platform === "win32" ? `${name}.exe` : name);
}

async function isThere(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch {
    return false;
  }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return codeOf(error) === "EPERM"; // another user's
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException | undefined)?.code;
}
