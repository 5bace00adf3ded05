/** In the extension host, with a cross-encoder. */
import assert from "node:assert/strict";
import type { SearchResult } from "../../../../editors/vscode/src/protocol.ts";
import { never, ready, runAll } from "./harness.ts";

export const run = (): Promise<void> =>
  runAll({
    "the fused answer comes first, the reranked one last": async () => {
      const api = await ready();
      const answers: SearchResult[] = [];
      const last = await api.search("try again when an upload fails", never(), (result) => void answers.push(result));
      assert.equal(answers[0]?.isReranked, false);
      assert.equal(last.isReranked, true);
      assert.ok(last.hits.length > 0);
    },
  });
