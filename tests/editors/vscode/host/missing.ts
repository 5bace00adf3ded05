/** In the extension host, without a server. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { activated, inFolder, never, runAll, until } from "./harness.ts";

export const run = (): Promise<void> =>
  runAll({
    "without a server there is a sentence, and everything else works": async () => {
      const api = await activated();
      const problem = await until("missing", () => (api.state.kind === "missing" ? api.state.problem : undefined));
      assert.match(problem, /create a private environment/);
      await assert.rejects(async () => api.search("anything", never()), /create a private environment/);
      await vscode.commands.executeCommand("vizsla.find", "anything");
      await vscode.commands.executeCommand("workbench.action.closeQuickOpen");
    },
    "a setting that leads nowhere is said": async () => {
      const api = await activated();
      await vscode.workspace.getConfiguration("vizsla").update("server.path", "/nowhere/vizsla", vscode.ConfigurationTarget.Global);
      await until("the sentence", () => api.state.kind === "missing" && api.state.problem.includes("'/nowhere/vizsla'"));
    },
    "a program that is no server is said": async () => {
      const api = await activated();
      await vscode.workspace.getConfiguration("vizsla").update("server.path", "/bin/false", vscode.ConfigurationTarget.Global);
      await until("the sentence", () => api.state.kind === "stopped" && api.state.problem.includes("'/bin/false'"));
    },
    "a server that is installed and chosen later is used without a restart of the window": async () => {
      const api = await activated();
      const place = new TextDecoder().decode(await vscode.workspace.fs.readFile(inFolder("server.txt"))).trim();
      await vscode.workspace.getConfiguration("vizsla").update("server.path", place, vscode.ConfigurationTarget.Global);
      await until("serving", () => api.state.kind === "serving");
      assert.equal(api.launch?.command, place);
    },
  });
