/** Which errors say that a server is gone, so that the question is asked again. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { isLost } from "../../../../editors/vscode/src/server/connection.ts";

test("what the library says of a line that broke means a lost question", () => {
  const [writing, reading, pending, inactive, closed, disposed] = [-32099, -32098, -32097, -32096, 1, 2];
  for (const code of [writing, reading, pending, inactive, closed, disposed]) assert.ok(isLost({ code }), String(code));
});

test("what a server answers does not", () => {
  const [invalid, internal, cancelled, notInitialized] = [-32602, -32603, -32800, -32002];
  for (const code of [invalid, internal, cancelled, notInitialized, "ENOENT"]) assert.ok(!isLost({ code }), String(code));
  for (const error of [undefined, null, "gone", new Error("gone")]) assert.ok(!isLost(error));
});
