/** In the extension host, in an empty folder: without a server, with ones that do not fit, then with one that does. */
import assert from "node:assert/strict";
import { join } from "node:path";
import * as vscode from "vscode";
import { activated, environment, never, runAll, until } from "./harness.ts";

async function useServer(path: string): Promise<void> {
  await vscode.workspace.getConfiguration("vizsla").update("server.path", path, vscode.ConfigurationTarget.Global);
}

/** The sentence that tells why a server is not used. */
async function refusal(words: string): Promise<string> {
  const api = await activated();
  return until(words, () => (api.state.kind === "stopped" && api.state.problem.includes(words) ? api.state.problem : undefined));
}

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
      await useServer("/nowhere/vizsla");
      await until("the sentence", () => api.state.kind === "missing" && api.state.problem.includes("'/nowhere/vizsla'"));
    },
    "a program that is no server is said": async () => {
      await useServer("/bin/false");
      await refusal("'/bin/false'");
    },
    "a server that is too old is to be updated, and so is an extension that is": async () => {
      await useServer(join(environment("TEST_TOYS"), "old"));
      assert.match(await refusal("9-old"), /does not know vizsla\/similar, vizsla\/status; update it\.$/);
      await useServer(join(environment("TEST_TOYS"), "new"));
      assert.match(await refusal("9-new"), /update this extension\.$/);
      const api = await activated();
      await assert.rejects(async () => api.search("anything", never()), /update this extension/);
    },
    "the report of a training is a page without scripts; a command that an older server lacks changes nothing": async () => {
      const api = await activated();
      await useServer(join(environment("TEST_TOYS"), "trained"));
      await until("serving", () => api.state.kind === "serving");
      await vscode.commands.executeCommand("vizsla.trainHere", "quick");
      await vscode.commands.executeCommand("vizsla.showTrainingReport");
      const input = await until("the report", () => vscode.window.tabGroups.activeTabGroup.activeTab?.input);
      assert.ok(input instanceof vscode.TabInputWebview && input.viewType.endsWith("vizsla.report"));
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
      assert.equal(api.state.kind, "serving");
    },
    "a server that is installed and chosen later is used without a restart of the window": async () => {
      const api = await activated();
      await useServer(environment("TEST_SERVER"));
      await until("serving", () => api.state.kind === "serving" && api.launch?.command === environment("TEST_SERVER"));
    },
    "in an empty folder nothing is found, which is no error": async () => {
      const api = await activated();
      assert.deepEqual((await api.search("try again when an upload fails", never())).hits, []);
      await until("it is ready", () => api.state.kind === "serving" && api.state.roots[0]?.activity === "ready");
    },
  });
