/** Training on this workspace: what is asked before, what is said after. */
import * as vscode from "vscode";
import type { Session } from "../server/session.ts";

/** What a training may be, as the server knows it. */
const RECIPES = [
  { label: "$(mortar-board) The real thing", detail: "Up to an hour on two processor cores.", recipe: "default" },
  { label: "$(beaker) Quickly", detail: "Some ten minutes, to see the way; a better model is not to be expected.", recipe: "quick" },
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
    title: `Train models on ${folder === "all" ? "all folders" : folder.name}`,
    placeHolder: "On this machine, at low priority, halted while you search; new models answer only if they are surely better",
  });
  if (chosen === undefined) return;
  const where = folder === "all" ? {} : { folder: folder.uri.toString() };
  await session.command("vizsla.train", { ...where, recipe: chosen.recipe });
}

/** The folder to learn from; "none" when the user wants no training after all. */
async function chosenFolder(): Promise<vscode.WorkspaceFolder | "all" | "none"> {
  const [first, ...others] = vscode.workspace.workspaceFolders ?? [];
  if (first === undefined) throw new Error("Open a folder first: models are trained on the folders of the workspace.");
  if (others.length === 0) return first;
  const items = [
    { label: "$(files) All folders", folder: "all" as const },
    ...[first, ...others].map((folder) => ({ label: `$(folder) ${folder.name}`, folder })),
  ];
  return (await vscode.window.showQuickPick(items, { title: "Train models on" }))?.folder ?? "none";
}
