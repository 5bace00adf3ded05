/** Makes the extension's private environment: a virtual environment in its own storage, only when the user says so. */
import { execFile } from "node:child_process";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import * as vscode from "vscode";
import { programFolder } from "./lookup.ts";
import { privateEnvironment } from "./surroundings.ts";

const OLDEST = "3.11";
const INTERPRETERS = ["python3.13", "python3.12", "python3.11", "python3", "python"];

/**
 * Install the server that came with the extension, so that the two fit. What it depends on is fetched by pip.
 *
 * @returns whether it is there now; the user has been told why not
 */
export async function createEnvironment(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<boolean> {
  const wheel = await serverWheel(context);
  if (wheel === undefined) {
    void vscode.window.showErrorMessage(
      "This build of the extension comes without a server; install Vizsla yourself and set vizsla.server.path.",
    );
    return false;
  }
  const python = await interpreter();
  if (python === undefined) {
    void vscode.window.showErrorMessage(`No Python ${OLDEST} or newer was found on the PATH; install one and try again.`);
    return false;
  }
  const install = "Install";
  const said = "Vizsla installs its server into a folder of its own; pip fetches what that needs, from where it is set up to; all of it takes about 400 MB.";
  if ((await vscode.window.showInformationMessage(said, { modal: true }, install)) !== install) return false;
  const place = privateEnvironment(context);
  const location = vscode.ProgressLocation.Notification;
  return vscode.window.withProgress({ location, title: "Installing the server of Vizsla", cancellable: true }, async (_, token) => {
    const gone = new AbortController();
    token.onCancellationRequested(() => gone.abort());
    try {
      await run(python, ["-m", "venv", "--clear", place], gone.signal, log);
      const pip = join(programFolder(place, process.platform), process.platform === "win32" ? "python.exe" : "python");
      await run(pip, ["-m", "pip", "install", "--disable-pip-version-check", "--no-input", wheel], gone.signal, log);
      return true;
    } catch (error) {
      await rm(place, { recursive: true, force: true }); // half an environment would be taken for a whole one
      if (!token.isCancellationRequested) {
        log.error(String(error));
        void vscode.window.showErrorMessage("The server of Vizsla could not be installed; the log says why.");
      }
      return false;
    }
  });
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

function run(command: string, args: string[], signal: AbortSignal, log: vscode.LogOutputChannel): Promise<void> {
  return new Promise((done, fail) => {
    log.info([command, ...args].join(" "));
    execFile(command, args, { signal, maxBuffer: 1 << 26 }, (error, stdout, stderr) => {
      if (stdout !== "") log.info(stdout);
      if (stderr !== "") log.warn(stderr);
      if (error === null) done();
      else fail(error);
    });
  });
}
