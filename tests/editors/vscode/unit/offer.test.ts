/** Whether a program that answered is the server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { problemOf, withoutCommand } from "../../../../editors/vscode/src/server/offer.ts";

const requests = ["vizsla/search", "vizsla/similar", "vizsla/status"];
const answer = (vizsla: unknown, name = "vizsla") => ({ capabilities: { experimental: { vizsla } }, serverInfo: { name, version: "9.1" } });

test("a server that offers what is needed is used, of whatever schema", () => {
  assert.equal(problemOf("/bin/v", answer({ schema: 2, requests: [...requests, "vizsla/more"] })), undefined);
});

test("a server that lacks a request is to be updated", () => {
  const problem = problemOf("/bin/v", answer({ schema: 1, requests: ["vizsla/search"] }));
  assert.equal(problem, "The server '/bin/v' (9.1) does not know vizsla/similar, vizsla/status; update it.");
});

test("when a newer server lacks a request, it is the extension that is to be updated", () => {
  assert.match(problemOf("/bin/v", answer({ schema: 2, requests: ["vizsla/ask"] })) ?? "", /; update this extension\.$/);
});

test("a command that an older server does not have is said before it is sent", () => {
  const offer = { schema: 1, requests, commands: ["vizsla.pause"] };
  assert.equal(withoutCommand("vizsla.pause", offer, "0.1"), undefined);
  assert.equal(withoutCommand("vizsla.train", offer, "0.1"), "The server (0.1) does not know vizsla.train; update it.");
  assert.equal(withoutCommand("vizsla.train", { schema: 1, requests }, "0.1"), undefined, "one that names no commands is tried");
});

test("a server that says nothing of itself is to be updated", () => {
  for (const offer of [undefined, null, 3, {}]) assert.match(problemOf("/bin/v", answer(offer)) ?? "", /update it/);
  assert.match(problemOf("/bin/v", { capabilities: {}, serverInfo: { name: "vizsla" } }) ?? "", /unknown version/);
});

test("another language server is named", () => {
  assert.match(problemOf("/bin/v", answer({ requests }, "pylsp")) ?? "", /is not Vizsla but pylsp/);
  assert.match(problemOf("/bin/v", { capabilities: {} }) ?? "", /a program without a name/);
});
