/** In the extension host, in a window without any folder. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { activated, never, runAll, until } from "./harness.ts";

export const run = (): Promise<void> =>
  runAll({
    "without a folder no server is started, and a question is answered with what to do": async () => {
      const api = await activated();
      assert.equal(vscode.workspace.workspaceFolders, undefined);
      await until("it is known", () => api.state.kind === "noFolder");
      await assert.rejects(api.search("anything", never()), /Open a folder first/);
      await vscode.commands.executeCommand("vizsla.find", "anything");
      await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
    },
  });
