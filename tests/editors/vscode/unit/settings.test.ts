/** What the server is told of the settings. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { chosenSettings, type Inspection, type Values } from "../../../../editors/vscode/src/settings.ts";

const DECLARED = {
  "vizsla.search.limit": { scope: "window" },
  "vizsla.models.device": { scope: "machine" },
  "vizsla.cache.directory": { scope: "machine" },
  "vizsla.picker.preview": { scope: "window" },
};

function values(set: Record<string, Inspection & { value: unknown }>): Values {
  return { get: (name) => set[name]?.value, inspect: (name) => set[name] ?? {} };
}

test("where nothing was chosen the user's own file keeps its say", () => {
  assert.deepEqual(chosenSettings(DECLARED, values({ "search.limit": { value: 10 } })), {});
});

test("what was chosen is told, by sections", () => {
  const set = { "search.limit": { value: 7, globalValue: 7 }, "models.device": { value: "cpu", globalValue: "cpu" } };
  assert.deepEqual(chosenSettings(DECLARED, values(set)), { search: { limit: 7 }, models: { device: "cpu" } });
});

test("a folder may set how is searched, never which model", () => {
  const set = {
    "search.limit": { value: 7, workspaceFolderValue: 7 },
    "models.device": { value: "cuda", workspaceValue: "cuda" },
  };
  assert.deepEqual(chosenSettings(DECLARED, values(set)), { search: { limit: 7 } });
});

test("settings of the extension itself stay with it", () => {
  assert.deepEqual(chosenSettings(DECLARED, values({ "picker.preview": { value: false, globalValue: false } })), {});
});

test("an emptied text is no choice, and neither is null", () => {
  const set = { "cache.directory": { value: "", globalValue: "" }, "search.limit": { value: null, globalValue: null } };
  assert.deepEqual(chosenSettings(DECLARED, values(set)), {});
});
