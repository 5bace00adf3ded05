/** In the extension host, in a folder that is not trusted and would like to run its own program. */
import assert from "node:assert/strict";
import * as vscode from "vscode";
import { environment, inFolder, never, ready, runAll } from "./harness.ts";

export const run = (): Promise<void> =>
  runAll({
    "the folder is not trusted": () => assert.equal(vscode.workspace.isTrusted, false),
    "the user's own server is used, not the folder's": async () => {
      const api = await ready();
      assert.equal(api.launch?.command, environment("TEST_SERVER"));
      assert.ok((await api.search("try again when an upload fails", never())).hits.length > 0);
    },
    "nothing of the folder was run": async () => {
      await assert.rejects(async () => vscode.workspace.fs.stat(inFolder("was-run")));
    },
    "what the folder says of models is not told to the server": async () => {
      const api = await ready();
      const { roots, refusedSettings } = await api.status();
      assert.deepEqual(refusedSettings, []);
      assert.notEqual(roots[0]?.index?.model, null);
    },
  });
