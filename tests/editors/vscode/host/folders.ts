/** In the extension host, with two folders. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { never, ready, runAll, until } from "./harness.ts";

export const run = (): Promise<void> =>
  runAll({
    "one server searches both folders": async () => {
      const api = await ready();
      assert.equal((await api.status()).roots.length, 2);
      for (const [question, path] of [["try again when an upload fails", "uploads.py"], ["water the flowers", "garden.py"]] as const) {
        assert.equal((await api.search(question, never())).hits[0]?.path, path);
      }
    },
    "a folder that is taken away is searched no more, by the same server": async () => {
      const api = await ready();
      const { processId } = await api.status();
      vscode.workspace.updateWorkspaceFolders(1, 1);
      await until("one folder", async () => (await api.status()).roots.length === 1);
      const { hits } = await api.search("water the flowers", never());
      assert.ok(!hits.some(({ path }) => path === "garden.py"));
      assert.equal((await api.status()).processId, processId);
    },
  });
