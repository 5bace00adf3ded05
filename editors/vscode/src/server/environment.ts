/** Makes the extension's private environment: a virtual environment in its own storage, only when the user says so. */
import { execFile } from "node:child_process";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { build, NotBegun } from "./building.ts";
import type { Session } from "./session.ts";
import { privateEnvironment } from "./surroundings.ts";

const OLDEST = "3.11";
const INTERPRETERS = ["python3.13", "python3.12", "python3.11", "python3", "python"];

/** What is being installed by this window; a second one that is begun meanwhile ends by itself at once. */
const installing = new Set<{ readonly gone: AbortController; readonly ended: Thenable<void> }>();

/**
 * Install the server that came with the extension, so that the two fit. What it depends on is fetched by pip. The user
 * is told why there is no new one.
 */
export async function createEnvironment(context: vscode.ExtensionContext, log: vscode.LogOutputChannel, session: Session): Promise<void> {
  const wheel = await serverWheel(context);
  if (wheel === undefined) {
    void vscode.window.showErrorMessage(
      "This build of the extension comes without a server; install Vizsla yourself and set vizsla.server.path.",
    );
    return;
  }
  const python = await interpreter();
  if (python === undefined) {
    void vscode.window.showErrorMessage(`No Python ${OLDEST} or newer was found on the PATH; install one and try again.`);
    return;
  }
  const install = "Install";
  const said = "Vizsla installs its server into a folder of its own; pip fetches what that needs, from where it is set up to; all of it takes about 400 MB.";
  if ((await vscode.window.showInformationMessage(said, { modal: true }, install)) !== install) return;
  const place = privateEnvironment(context);
  const location = vscode.ProgressLocation.Notification;
  const gone = new AbortController();
  const ended = vscode.window.withProgress({ location, title: "Installing the server of Vizsla", cancellable: true }, async (_, token) => {
    token.onCancellationRequested(() => gone.abort());
    await session.whileInstalled(place, async () => {
      try {
        await build({ place, python, wheel }, gone.signal, log);
      } catch (error) {
        if (error instanceof NotBegun) void vscode.window.showErrorMessage(error.message);
        else if (error !== gone.signal.reason) {
          log.error(String(error));
          void vscode.window.showErrorMessage("The server of Vizsla could not be installed; the log says why.");
        }
      }
    });
  });
  const mine = { gone, ended };
  installing.add(mine);
  await ended;
  installing.delete(mine);
}

/** Give up what is being installed, as the window is about to close, and wait until what was there before is there again. */
export async function giveUpInstalling(): Promise<void> {
  for (const { gone } of installing) gone.abort();
  await Promise.all(Array.from(installing, ({ ended }) => ended));
}

/** The server that the extension brings along, if this build has one. */
async function serverWheel(context: vscode.ExtensionContext): Promise<string | undefined> {
  const folder = context.asAbsolutePath("server");
  try {
    const name = (await readdir(folder)).find((file) => file.endsWith(".whl"));
    return name === undefined ? undefined : join(folder, name);
  } catch {
    return undefined;
  }
}

async function interpreter(): Promise<string | undefined> {
  const check = "import sys, venv; raise SystemExit(sys.version_info < (3, 11))";
  for (const name of INTERPRETERS) {
    if (await new Promise<boolean>((done) => execFile(name, ["-I", "-c", check], (error) => done(error === null)))) return name;
  }
  return undefined;
}
