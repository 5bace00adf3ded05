/** What VS Code and this machine say about where a server may be. */
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { homedir } from "node:os";
import * as vscode from "vscode";
import type { Surroundings } from "./lookup.ts";

/** The folder of the extension's private environment. */
export function privateEnvironment(context: vscode.ExtensionContext): string {
  return vscode.Uri.joinPath(context.globalStorageUri, "server").fsPath;
}

/** Look around, as things stand now. */
export function lookAround(context: vscode.ExtensionContext): Surroundings {
  const configuration = vscode.workspace.getConfiguration("vizsla");
  const text = (name: string): string => {
    const value = configuration.get<unknown>(name); // VS Code does not check what somebody wrote
    return typeof value === "string" ? value.trim() : "";
  };
  const folders = (vscode.workspace.workspaceFolders ?? []).filter(({ uri }) => uri.scheme === "file");
  const isTrusted = vscode.workspace.isTrusted;
  return {
    platform: process.platform,
    home: homedir(),
    path: text("server.path"),
    python: text("server.python"),
    logLevel: text("server.logLevel") || "warning",
    isTrusted,
    folders: folders.map(({ uri }) => uri.fsPath),
    activePython: () => activePython(folders[0]?.uri),
    searchPath: process.env["PATH"] ?? "",
    privateEnvironment: privateEnvironment(context),
  };
}

/** Whether a program is there and may be run. */
export async function isProgram(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}

interface PythonExtension {
  readonly environments?: { getActiveEnvironmentPath?(resource?: vscode.Uri): { readonly path?: string } };
}

async function activePython(resource: vscode.Uri | undefined): Promise<string | undefined> {
  const extension = vscode.extensions.getExtension<PythonExtension>("ms-python.python");
  if (extension === undefined) return undefined;
  try {
    const path = (await extension.activate())?.environments?.getActiveEnvironmentPath?.(resource).path;
    return typeof path === "string" ? path : undefined;
  } catch {
    return undefined; // an extension that does not start is one that knows no interpreter
  }
}
