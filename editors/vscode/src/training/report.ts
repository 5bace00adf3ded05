/** The report of a training, a page of its own that asks nobody for anything. */
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { Said, TrainingEnd } from "../protocol.ts";
import type { Session } from "../server/session.ts";
import { sealed } from "./page.ts";

/** Show what the server has to say; how a training ended, with the way to its report. */
export async function showSaid(session: Session, { severity, message }: Said): Promise<void> {
  const end = await lastTraining(session);
  const report = end !== undefined && message.endsWith(end.sentence) ? end.report : "";
  const show = shower(severity);
  if (report === "") {
    await show(message);
    return;
  }
  const open = "Show the report";
  if ((await show(message.replace(` (report: ${report})`, ""), open)) === open) await openReport(report);
}

/** Show the report of the training that ended last. */
export async function showReport(session: Session): Promise<void> {
  const end = await lastTraining(session);
  if (end === undefined || end.report === "") throw new Error("No training has ended since the server was started.");
  await openReport(end.report);
}

/** Show a report beside the code; it has no scripts, and may fetch nothing. */
export async function openReport(path: string): Promise<vscode.WebviewPanel> {
  let page: string;
  try {
    page = await readFile(path, "utf8");
  } catch {
    throw new Error(`The report '${path}' cannot be read; it may have been deleted since.`);
  }
  const panel = vscode.window.createWebviewPanel("vizsla.report", "Training", vscode.ViewColumn.Active, { enableFindWidget: true });
  panel.webview.html = sealed(page);
  return panel;
}

function shower(severity: Said["severity"]): (message: string, ...choices: string[]) => Thenable<string | undefined> {
  if (severity === "error") return vscode.window.showErrorMessage;
  return severity === "warning" ? vscode.window.showWarningMessage : vscode.window.showInformationMessage;
}

async function lastTraining(session: Session): Promise<TrainingEnd | undefined> {
  try {
    return (await session.status()).lastTraining ?? undefined;
  } catch {
    return undefined; // what the server said is shown all the same
  }
}
