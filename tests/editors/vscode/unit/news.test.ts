/** What a notification of a changed status changes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RootActivity } from "../../../../editors/vscode/src/protocol.ts";
import { news } from "../../../../editors/vscode/src/status/news.ts";
import type { Serving } from "../../../../editors/vscode/src/status/text.ts";
import { sealed } from "../../../../editors/vscode/src/training/page.ts";

const root = (more: Partial<RootActivity> = {}): RootActivity => ({ uri: "file:///shop", activity: "embedding", done: 1, total: 9, problem: "", ...more });
const before: Serving = { kind: "serving", roots: [{ ...root(), index: null, watcherProblem: "" }], preparing: null, training: null, refusedSettings: ["no"] };

test("numbers are taken over, and what is not said stays", () => {
  const { state, ask } = news(before, [root({ done: 5 })]);
  assert.equal(ask, "no");
  assert.deepEqual(state.roots, [{ ...root({ done: 5 }), index: null, watcherProblem: "" }]);
  assert.deepEqual(state.refusedSettings, ["no"]);
});

test("another activity is asked about at once, and so is a folder that nobody knew", () => {
  assert.equal(news(before, [root({ activity: "ready" })]).ask, "now");
  assert.equal(news({ kind: "starting" }, [root()]).ask, "now");
});

test("a notification that changes no folder is of models or of a training", () => {
  assert.equal(news(before, [root()]).ask, "soon");
});

test("while models change or are trained their numbers are asked for, now and then", () => {
  const training = { activity: "running", stage: "mine", done: 0, total: 0 };
  const { state, ask } = news({ ...before, training }, [root({ done: 7 })]);
  assert.deepEqual([ask, state.training], ["soon", training]);
});

test("a report may fetch and run nothing", () => {
  assert.match(sealed("<html><head><title>t</title></head></html>"), /^<html><head><meta http-equiv="Content-Security-Policy" content="default-src 'none'/);
  assert.match(sealed("<p>no head"), /^<meta /);
});
