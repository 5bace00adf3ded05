/** Which models answer: a list to choose from, and the way back. */
import * as vscode from "vscode";
import { run } from "../server/program.ts";
import type { Session } from "../server/session.ts";
import { type Choice, modelsOf, sections } from "./choice.ts";

type Item = vscode.QuickPickItem & { readonly choice?: Choice };

/**
 * Let the user choose. The models that answered so far go on until the others are ready.
 *
 * @param name - a model, or "rollback" for those of before: then nobody is asked
 */
export async function chooseModels(session: Session, name?: string): Promise<void> {
  if (name !== undefined) return useModels(session, name === "rollback" ? [name] : ["use", name]);
  const listed = modelsProgram(session, ["list", "--json"]).then(modelsOf);
  const items = listed.then((models): Item[] =>
    sections(models).flatMap(({ heading, choices }) => [
      { label: heading, kind: vscode.QuickPickItemKind.Separator },
      ...choices.map((choice) => ({ label: `$(${iconOf(choice)}) ${choice.label}`, description: choice.description, choice })),
    ]),
  );
  const chosen = await vscode.window.showQuickPick(items, {
    title: "Choose the models that answer",
    placeHolder: "All functions are indexed for them while the others answer; then they take over",
    matchOnDescription: true,
  });
  if (chosen?.choice === undefined || chosen.choice.isUsed) return;
  await useModels(session, chosen.choice.words);
}

/**
 * Put models to use, or go back, and have the server take them up at once.
 *
 * @param words - of the command, such as `use shop-retriever-1f3a` or `rollback`
 */
async function useModels(session: Session, words: readonly string[]): Promise<void> {
  const said = await modelsProgram(session, words);
  await session.command("vizsla.useModels");
  const named = ["retriever", "reranker"].map((role) => `models.${role}`).filter(isNamed);
  if (named.length === 0) {
    void vscode.window.showInformationMessage(`Vizsla: ${said}`);
    return;
  }
  const open = "Open the settings";
  const sentence = `Vizsla: ${said} But your settings name others: remove ${named.map((name) => `vizsla.${name}`).join(" and ")}.`;
  if ((await vscode.window.showWarningMessage(sentence, open)) === open) {
    await vscode.commands.executeCommand("workbench.action.openSettings", "vizsla.models");
  }
}

async function modelsProgram(session: Session, words: readonly string[]): Promise<string> {
  if (session.launch === undefined) throw new Error("There is no server whose models could be chosen.");
  const directory = vscode.workspace.getConfiguration("vizsla").get("cache.directory", "");
  return run(session.launch, ["models", ...words], directory);
}

/** Whether a setting of the editor names a model, so that what is in use does not matter. */
function isNamed(name: string): boolean {
  return vscode.workspace.getConfiguration("vizsla").get(name, "default") !== "default";
}

function iconOf({ isUsed, words }: Choice): string {
  if (isUsed) return "check";
  return words[0] === "rollback" ? "discard" : "circle-outline";
}
