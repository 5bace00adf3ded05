/** In the extension host, with a server and two folders: from activation to a server that is killed. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import * as vscode from "vscode";
import type { VizslaApi } from "../../../../editors/vscode/src/extension.ts";
import { activated, inFolder, never, ready, runAll, until } from "./harness.ts";

/** Where `retry_upload` stands in uploads.py. */
const RETRY_LINE = 5;
const QUESTION = "try again when an upload fails";

async function names(api: VizslaApi, question: string): Promise<string[]> {
  return (await api.search(question, never())).hits.map(({ name }) => name);
}

async function withSetting(name: string, value: unknown, target: vscode.ConfigurationTarget, use: () => Promise<void>): Promise<void> {
  await vscode.workspace.getConfiguration("vizsla").update(name, value, target);
  try {
    await use();
  } finally {
    await vscode.workspace.getConfiguration("vizsla").update(name, undefined, target);
  }
}

export const run = (): Promise<void> =>
  runAll({
    "it activates at once, without waiting for the server": async () => {
      const began = performance.now();
      const api = await activated();
      console.log(`# activation ${Math.round(performance.now() - began)} ms, then ${api.state.kind}`);
      assert.ok(["looking", "starting", "serving"].includes(api.state.kind), api.state.kind);
    },
    "its commands are there, and those of the server beside them": async () => {
      await ready();
      const commands = new Set(await vscode.commands.getCommands(true));
      for (const name of ["vizsla.find", "vizsla.findSimilar", "vizsla.showStatus", "vizsla.rebuild"]) assert.ok(commands.has(name), name);
    },
    "a question finds a function by what it does": async () => {
      const api = await ready();
      const { hits } = await api.search(QUESTION, never());
      assert.equal(hits[0]?.name, "retry_upload");
      assert.equal(hits[0]?.path, "uploads.py");
    },
    "the fused answer comes before the last": async () => {
      const api = await ready();
      const partial: string[][] = [];
      const last = await api.search(QUESTION, never(), ({ hits }) => void partial.push(hits.map(({ name }) => name)));
      assert.ok(partial.length >= 1);
      assert.deepEqual(partial.at(-1), last.hits.map(({ name }) => name));
    },
    "a question that is cancelled is answered with an error": async () => {
      const api = await ready();
      const cancelling = new vscode.CancellationTokenSource();
      const asked = api.search("something else entirely", cancelling.token);
      cancelling.cancel();
      await assert.rejects(asked);
      assert.ok((await names(api, QUESTION)).length > 0);
    },
    "a wrong filter is a sentence": async () => {
      const api = await ready();
      await assert.rejects(api.search("lang:klingon send", never()), /klingon/);
    },
    "filters hold": async () => {
      const api = await ready();
      const { hits } = await api.search("lang:javascript total price", never());
      assert.deepEqual([...new Set(hits.map(({ language }) => language))], ["javascript"]);
    },
    "a setting holds at once, without another server": async () => {
      const api = await ready();
      const { processId } = await api.status();
      await withSetting("search.limit", 2, vscode.ConfigurationTarget.Global, async () => {
        await until("two hits", async () => (await names(api, QUESTION)).length === 2);
      });
      await until("more than two hits again", async () => (await names(api, QUESTION)).length > 2);
      assert.equal((await api.status()).processId, processId);
    },
    "a setting that is refused is named": async () => {
      const api = await ready();
      await withSetting("search.rerankDepth", 100000, vscode.ConfigurationTarget.Global, async () => {
        await until("a refusal", async () => (await api.status()).refusedSettings.length > 0);
        await until("the state says it", () => api.state.kind === "serving" && api.state.refusedSettings.length > 0);
      });
    },
    "unsaved text is found, and forgotten when it is thrown away": async () => {
      const api = await ready();
      const document = await vscode.workspace.openTextDocument(inFolder("uploads.py"));
      await vscode.window.showTextDocument(document);
      const edit = new vscode.WorkspaceEdit();
      edit.insert(document.uri, new vscode.Position(0, 0), 'def brew_coffee(beans):\n    """Make a cup of coffee from beans."""\n    return beans * 2\n\n\n');
      await vscode.workspace.applyEdit(edit);
      await until("the new function", async () => (await names(api, "make a cup of coffee"))[0] === "brew_coffee");
      assert.ok(!(await readFile(document.uri.fsPath, "utf8")).includes("coffee"));
      const { hits } = await api.search(QUESTION, never());
      assert.equal(hits[0]?.location.range.start.line, RETRY_LINE + 5, "the lines are those of the buffer");
      await vscode.commands.executeCommand("workbench.action.files.revert");
      await until("it is gone", async () => !(await names(api, "make a cup of coffee")).includes("brew_coffee"));
    },
    "a hit whose file vanished is said, and leaves the editor where it was": async () => {
      const api = await ready();
      const gone = inFolder("gone.py");
      await vscode.workspace.fs.writeFile(gone, new TextEncoder().encode("def fold_napkins(napkins):\n    return [napkin.fold() for napkin in napkins]\n"));
      const hit = await until("the new file", async () => (await api.search("fold the napkins", never())).hits.find(({ name }) => name === "fold_napkins"));
      await vscode.window.showTextDocument(inFolder("cart.js"));
      await vscode.workspace.fs.delete(gone);
      await vscode.commands.executeCommand("vizsla.results.open", { kind: "hit", hit, question: { like: { uri: gone.toString(), line: 0, character: 0 } } });
      assert.equal(vscode.window.activeTextEditor?.document.uri.path, inFolder("cart.js").path);
      await vscode.commands.executeCommand("workbench.action.closeActiveEditor");
    },
    "functions like one are found, itself left out": async () => {
      const api = await ready();
      const { hits } = await api.similar(inFolder("uploads.py"), new vscode.Position(RETRY_LINE, 4), never());
      assert.ok(hits.length > 0);
      assert.ok(!hits.some(({ name }) => name === "retry_upload"));
    },
    "the light bulb offers it when it is asked, and not all the time": async () => {
      await ready();
      const at = new vscode.Range(RETRY_LINE, 4, RETRY_LINE, 4);
      const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>("vscode.executeCodeActionProvider", inFolder("uploads.py"), at);
      assert.ok(actions.some(({ command }) => command?.command === "vizsla.findSimilar"));
    },
    "a file that is made by another program is found": async () => {
      const api = await ready();
      const uri = inFolder("outside.py");
      await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode("def water_plants(garden):\n    return [plant.water() for plant in garden]\n"));
      await until("the new file", async () => (await names(api, "give water to the plants"))[0] === "water_plants");
      await vscode.workspace.fs.delete(uri);
      await until("it is gone", async () => !(await names(api, "give water to the plants")).includes("water_plants"));
    },
    "pausing and going on shows in the state": async () => {
      const api = await ready();
      await vscode.commands.executeCommand("vizsla.pauseIndexing");
      const isPaused = () => api.state.kind === "serving" && api.state.roots[0]?.activity === "paused";
      await until("paused", isPaused);
      await vscode.commands.executeCommand("vizsla.resumeIndexing");
      await ready();
    },
    "files that are left out are shown with the reason": async () => {
      await ready();
      await vscode.commands.executeCommand("vizsla.showSkippedFiles");
      const text = vscode.window.activeTextEditor?.document.getText() ?? "";
      assert.match(text, /picture\.py: not text/);
      await vscode.commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
    },
    "both folders are searched; one that is taken away no more, by the same server": async () => {
      const api = await ready();
      assert.equal((await api.status()).roots.length, 2);
      assert.equal((await names(api, "water the flowers"))[0], "water");
      const { processId } = await api.status();
      vscode.workspace.updateWorkspaceFolders(1, 1);
      await until("one folder", async () => (await api.status()).roots.length === 1);
      assert.ok(!(await names(api, "water the flowers")).includes("water"));
      assert.equal((await api.status()).processId, processId);
    },
    "another model is chosen, takes over, and is left again": async () => {
      const api = await ready();
      await vscode.commands.executeCommand("vizsla.chooseModels", "tiny-reranker");
      await until("reranked", async () => (await api.search(QUESTION, never())).isReranked);
      const answers: boolean[] = [];
      const last = await api.search(QUESTION, never(), ({ isReranked }) => void answers.push(isReranked));
      assert.deepEqual([answers[0], last.isReranked], [false, true], "the fused answer comes first");
      await vscode.commands.executeCommand("vizsla.chooseModels", "rollback");
      await until("the order of before", async () => !(await api.search(QUESTION, never())).isReranked);
    },
    "a training shows in the state, and is stopped": async () => {
      const api = await ready();
      await vscode.commands.executeCommand("vizsla.trainHere", "quick");
      await until("it runs", () => api.state.kind === "serving" && api.state.training !== null);
      await vscode.commands.executeCommand("vizsla.stopTrainingHere");
      await until("it ended", () => api.state.kind === "serving" && api.state.training === null);
      assert.match((await api.status()).lastTraining?.sentence ?? "", /the training/);
    },
    "a question that a server dies under is answered by the next": async () => {
      const api = await ready();
      const { processId } = await api.status();
      process.kill(processId, "SIGKILL");
      assert.equal((await names(api, QUESTION))[0], "retry_upload");
      assert.notEqual((await api.status()).processId, processId);
    },
    "a server that ends again and again is left alone, with a sentence; a restart by hand begins anew": async () => {
      const api = await ready();
      const isLeftAlone = () => api.state.kind === "stopped" && api.state.problem.includes("left alone");
      for (let times = 0; times < 6 && !isLeftAlone(); times++) {
        process.kill((await api.status()).processId, "SIGKILL");
        await until("it noticed", () => api.state.kind !== "serving");
        await until("a decision", () => api.state.kind === "serving" || isLeftAlone());
      }
      await assert.rejects(async () => api.search(QUESTION, never()), /left alone/);
      await vscode.commands.executeCommand("vizsla.restartServer");
      assert.equal((await names(api, QUESTION))[0], "retry_upload");
    },
    "a restart by hand leaves one server": async () => {
      const api = await ready();
      const { processId } = await api.status();
      await vscode.commands.executeCommand("vizsla.restartServer");
      await until("the old one is gone", () => {
        try {
          process.kill(processId, 0);
          return false;
        } catch {
          return true;
        }
      });
      assert.notEqual((await until("a new one", () => api.status().catch(() => undefined))).processId, processId);
    },
  });
