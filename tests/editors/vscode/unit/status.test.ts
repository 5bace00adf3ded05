/** The status in words. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { RootStatus } from "../../../../editors/vscode/src/protocol.ts";
import { type Serving, skippedPage, statusText } from "../../../../editors/vscode/src/status/text.ts";

function root(more: Partial<RootStatus> = {}): RootStatus {
  const index = { files: 4, functions: 1200, pending: 0, skipped: {}, failed: 0, reconciledAt: 1, model: "m", hasReranker: false, device: "cpu", degraded: [] };
  return { uri: "file:///home/me/my%20shop", activity: "ready", done: 0, total: 0, problem: "", watcherProblem: "", index, ...more };
}

const serving = (roots: RootStatus[], more: Partial<Serving> = {}): Serving => ({ kind: "serving", roots, preparing: null, training: null, refusedSettings: [], ...more });
const text = (...roots: RootStatus[]) => statusText(serving(roots), "0.1.0");

test("work is shown with numbers, of all folders together", () => {
  const two = text(root({ activity: "embedding", done: 1200, total: 5000 }), root({ activity: "parsing", done: 34, total: 678 }));
  assert.equal(two.text, "$(sync~spin) Vizsla: indexing 1,234/5,678");
});

test("what is ready is quiet, and the tooltip says how much there is", () => {
  assert.equal(text(root()).text, "$(search) Vizsla");
  assert.equal(text(root()).tooltip, "Vizsla 0.1.0\nmy shop: ready, 1,200 functions in 4 files");
});

test("an installation shows, and is no fault", () => {
  const { text, isWarning } = statusText({ kind: "installing" }, undefined);
  assert.deepEqual([text, isWarning], ["$(sync~spin) Vizsla: installing", false]);
});

test("degraded says why", () => {
  const degraded = text(root({ index: { ...root().index!, degraded: ["there is no model"] } }));
  assert.equal(degraded.text, "$(info) Vizsla: degraded");
  assert.match(degraded.tooltip, /there is no model/);
});

test("a setting that the server does not take shows, and so does why changes are not noticed at once", () => {
  const refused = statusText(serving([root()], { refusedSettings: ["search.limit must be positive"] }), "");
  assert.deepEqual([refused.text, refused.tooltip.split("\n").at(-1)], ["$(info) Vizsla: setting refused", "search.limit must be positive"]);
  const unwatched = text(root({ watcherProblem: "the limit of watches is reached" }));
  assert.equal(unwatched.text, "$(search) Vizsla");
  assert.match(unwatched.tooltip, /the limit of watches is reached/);
});

test("one folder that failed is more urgent than another that is busy", () => {
  const failed = text(root({ activity: "parsing" }), root({ activity: "failed", problem: "the disk is full" }));
  assert.equal(failed.text, "$(error) Vizsla: failed");
  assert.ok(failed.isWarning);
});

test("models that are to take over show how far they are, and that others answer", () => {
  const preparing = { model: "shop-1f3a", done: 1234, total: 5678, waits: false };
  const shown = statusText(serving([root()], { preparing }), "0.1.0");
  assert.equal(shown.text, "$(sync~spin) Vizsla: changing models 1,234/5,678");
  assert.match(shown.tooltip, /changing to model shop-1f3a 1,234\/5,678; the models in use answer meanwhile/);
  assert.match(statusText(serving([root()], { preparing: { ...preparing, waits: true } }), "").tooltip, /by another window/);
});

test("a training shows its stage, unless something more urgent goes on", () => {
  const training = { activity: "running", stage: "retriever", done: 120, total: 800 };
  assert.equal(statusText(serving([root()], { training }), "").text, "$(mortar-board) Vizsla: training retriever 120/800");
  assert.match(statusText(serving([root({ activity: "parsing" })], { training }), "").text, /reading files/);
  const words = (more: object) => statusText(serving([root()], { training: { ...training, ...more } }), "").text;
  assert.match(words({ activity: "paused" }), /training, paused while you search/);
  assert.match(words({ activity: "stopping" }), /training, stopping/);
  assert.match(words({ stage: "mine", total: 0 }), /training mine$/);
  assert.match(words({ stage: "", total: 0 }), /Vizsla: training$/);
});

test("a pause shows, and so does having no server", () => {
  assert.equal(text(root({ activity: "paused" })).text, "$(debug-pause) Vizsla: paused");
  assert.equal(statusText({ kind: "missing", problem: "none" }, undefined).text, "$(warning) Vizsla: no server");
  assert.equal(statusText({ kind: "looking" }, undefined).text, "$(sync~spin) Vizsla: starting");
  assert.equal(statusText({ kind: "noFolder" }, undefined).tooltip, "Open a folder to search it.");
});

test("an activity of a newer server is shown by its name", () => {
  assert.match(text(root({ activity: "dreaming" as "ready" })).tooltip, /dreaming/);
});

test("the page of files that are left out names each with its reason", () => {
  const index = { ...root().index!, skippedFiles: { "b.bin": "binary" }, failedFiles: { "a.py": "too deep" } };
  assert.match(skippedPage([root({ index }), root({ index: null })]), /## my shop\n\n- a\.py: not parsed: too deep\n- b\.bin: binary\n\n## my shop\n\nNone\./);
});
