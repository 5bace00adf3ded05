/** The status-bar item and the menu behind it. */
import * as vscode from "vscode";
import type { Session } from "../server/session.ts";
import { skippedPage, statusText, type ServerState } from "./text.ts";

/** Keep an item of the status bar equal to the session's state. */
export function statusItem(session: Session): vscode.Disposable {
  const item = vscode.window.createStatusBarItem("vizsla.status", vscode.StatusBarAlignment.Right, 90);
  item.name = "Vizsla";
  item.command = "vizsla.showStatus";
  const show = (state: ServerState): void => {
    const { text, tooltip, isWarning } = statusText(state, session.version);
    item.text = text;
    item.tooltip = tooltip;
    item.backgroundColor = isWarning ? new vscode.ThemeColor("statusBarItem.warningBackground") : undefined;
  };
  show(session.state);
  item.show();
  return vscode.Disposable.from(item, session.onDidChangeState(show));
}

/** What can be done now. */
export async function statusMenu(session: Session): Promise<void> {
  const { state } = session;
  const { text, tooltip } = statusText(state, session.version);
  type Choice = vscode.QuickPickItem & { readonly command: string };
  const choice = (icon: string, label: string, command: string): Choice => ({ label: `$(${icon}) ${label}`, command });
  const isPaused = state.kind === "serving" && state.roots.some(({ activity }) => activity === "paused" || activity === "cancelled");
  const isTraining = state.kind === "serving" && state.training !== null;
  const serving: Choice[] = [
    choice("search", "Find functions by what they do", "vizsla.find"),
    isPaused
      ? choice("play", "Resume indexing", "vizsla.resumeIndexing")
      : choice("debug-pause", "Pause indexing", "vizsla.pauseIndexing"),
    choice("refresh", "Rebuild the index", "vizsla.rebuildIndex"),
    choice("exclude", "Show files that are left out", "vizsla.showSkippedFiles"),
    isTraining
      ? choice("debug-stop", "Stop the training", "vizsla.stopTrainingHere")
      : choice("mortar-board", "Train on this workspace", "vizsla.trainHere"),
    choice("symbol-misc", "Choose the models that answer", "vizsla.chooseModels"),
  ];
  const missing: Choice[] = [choice("add", "Create a private environment for the server", "vizsla.createEnvironment")];
  const always: Choice[] = [
    choice("debug-restart", "Restart the server", "vizsla.restartServer"),
    choice("output", "Show the log", "vizsla.showLog"),
    choice("settings", "Settings", "vizsla.openSettings"),
  ];
  const first = state.kind === "serving" ? serving : state.kind === "missing" ? missing : [];
  const title = tooltip.split("\n").slice(0, 3).join(" · ") || text;
  const chosen = await vscode.window.showQuickPick([...first, ...always], { title });
  if (chosen !== undefined) await vscode.commands.executeCommand(chosen.command);
}

/** Open a page that names every file that is left out, with the reason. */
export async function showSkippedFiles(session: Session): Promise<void> {
  const { roots } = await session.status(true);
  const document = await vscode.workspace.openTextDocument({ language: "markdown", content: skippedPage(roots) });
  await vscode.window.showTextDocument(document);
}
