/** Whether a program that answered is the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemOf } from "../../../../editors/vscode/src/server/offer.ts";

const requests = ["vizsla/search", "vizsla/similar", "vizsla/status"];
const answer = (vizsla: unknown, name = "vizsla") => ({ capabilities: { experimental: { vizsla } }, serverInfo: { name, version: "9.1" } });

test("a server that offers what is needed is used, of whatever schema", () => {
  assert.equal(problemOf("/bin/v", answer({ schema: 2, requests: [...requests, "vizsla/more"] })), undefined);
});

test("a server that lacks a request is to be updated", () => {
  const problem = problemOf("/bin/v", answer({ schema: 1, requests: ["vizsla/search"] }));
  assert.equal(problem, "The server '/bin/v' (9.1) does not know vizsla/similar, vizsla/status; update it.");
});

test("a server that says nothing of itself is to be updated", () => {
  for (const offer of [undefined, null, 3, {}]) assert.match(problemOf("/bin/v", answer(offer)) ?? "", /update it/);
  assert.match(problemOf("/bin/v", { capabilities: {}, serverInfo: { name: "vizsla" } }) ?? "", /unknown version/);
});

test("another language server is named", () => {
  assert.match(problemOf("/bin/v", answer({ requests }, "pylsp")) ?? "", /is not Vizsla but pylsp/);
  assert.match(problemOf("/bin/v", { capabilities: {} }) ?? "", /a program without a name/);
});
