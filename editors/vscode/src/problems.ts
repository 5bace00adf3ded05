/** Errors of what the user began end here, as a sentence on the screen. */
import * as vscode from "vscode";
import { sentenceOf } from "./sentence.ts";

/** Tell an error, unless it says that the user gave up. */
export function sayProblem(error: unknown): void {
  if (error instanceof vscode.CancellationError) return;
  void vscode.window.showWarningMessage(sentenceOf(error));
}

/** A handler of events or commands whose errors are told. */
export function telling<A extends readonly unknown[]>(handle: (...args: A) => unknown): (...args: A) => Promise<void> {
  return async (...args) => {
    try {
      await handle(...args);
    } catch (error) {
      sayProblem(error);
    }
  };
}
