/** Training on this workspace: what is asked before, what is said after. */
import * as vscode from "vscode";
import type { Session } from "../server/session.ts";

/** What a training may be, as the server knows it. */
const RECIPES = [
  { label: "$(mortar-board) The real thing", detail: "Up to an hour on two processor cores.", recipe: "default" },
  { label: "$(beaker) Quickly", detail: "A few minutes, to see the way; a better model is not to be expected.", recipe: "quick" },
] as const;

/**
 * Let the user choose, then begin. Its progress is a notification; how it ended is said by the server.
 *
 * @param recipe - what training it is to be, on all folders: then nobody is asked
 */
export async function train(session: Session, recipe?: string): Promise<void> {
  if (session.state.kind === "serving" && session.state.training !== null) {
    throw new Error("A training runs already: wait for its end, or stop it.");
  }
  if (recipe !== undefined) return session.command("vizsla.train", { recipe });
  const folder = await chosenFolder();
  if (folder === "none") return;
  const chosen = await vscode.window.showQuickPick(RECIPES, {
    title: `Train models on ${folder?.name ?? "all folders"}`,
    placeHolder: "On this machine, at low priority, halted while you search; new models answer only if they are surely better",
  });
  if (chosen === undefined) return;
  await session.command("vizsla.train", { ...(folder === undefined ? {} : { folder: folder.uri.toString() }), recipe: chosen.recipe });
}

/** The folder to learn from; undefined for all. */
async function chosenFolder(): Promise<vscode.WorkspaceFolder | undefined | "none"> {
  const folders = vscode.workspace.workspaceFolders ?? [];
  if (folders.length < 2) return undefined;
  const items = [
    { label: "$(files) All folders", folder: undefined },
    ...folders.map((folder) => ({ label: `$(folder) ${folder.name}`, folder })),
  ];
  const chosen = await vscode.window.showQuickPick(items, { title: "Train models on" });
  return chosen === undefined ? "none" : chosen.folder;
}
