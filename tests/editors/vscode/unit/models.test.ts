/** Models to choose from, and the program that lists them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Model, modelsOf, sections } from "../../../../editors/vscode/src/models/choice.ts";
import { run } from "../../../../editors/vscode/src/server/program.ts";

const model = (name: string, more: Partial<Model> = {}): Model => ({ name, kind: "bi-encoder", base: "maker/mini", dimension: 384, is_used: false, ...more });
const reranker = (name: string, more: Partial<Model> = {}) => model(name, { kind: "cross-encoder", dimension: null, ...more });
const rows = (...models: Model[]) => sections(models).map(({ heading, choices }) => [heading, ...choices.map(({ label, isUsed }) => (isUsed ? `${label}!` : label))].join(" "));
const shell = (script: string) => ({ command: "/bin/sh", args: ["-c", script, "sh"], logLevel: "warning", origin: "here" });

test("the package's models are one choice, and there is a way back", () => {
  assert.deepEqual(rows(model("default", { is_used: true })), ["of the package default!", " Go back"]);
  assert.deepEqual(rows(model("default", { is_used: true }), reranker("default (reranker)", { is_used: true })).slice(0, 1), ["of the package default!"]);
});

test("what finds and what orders are chosen apart", () => {
  const all = rows(model("default"), reranker("default (reranker)"), model("shop-retriever", { is_used: true }), reranker("shop-reranker", { is_used: true }));
  assert.deepEqual(all, [
    "of the package default",
    "find functions shop-retriever!",
    "put the first hits in order shop-reranker! none",
    " Go back",
  ]);
  assert.match(rows(model("default", { is_used: true }), reranker("x")).join("\n"), /x none!/);
});

test("a row says what a model was made from", () => {
  const [whole, finders] = sections([model("default"), reranker("default (reranker)"), model("shop")]);
  assert.equal(whole?.choices[0]?.description, "made from mini");
  assert.equal(finders?.choices[0]?.description, "made from mini, 384 dimensions");
  assert.deepEqual(finders?.choices[0]?.words, ["use", "shop"]);
});

test("what is no list of models is said", () => {
  assert.deepEqual(modelsOf('[{"name": "a", "kind": "bi-encoder"}, 3]').map(({ name }) => name), ["a"]);
  assert.throws(() => modelsOf("{}"), /update it/);
});

test("a command of the program is run with its own arguments, and its cache where the editor says", async () => {
  assert.equal(await run(shell('echo "$*:$VIZSLA_CACHE_DIR"'), ["models", "list"], "/there"), "models list:/there");
});

test("what a command complains of is the error", async () => {
  await assert.rejects(run(shell("echo noise >&2; echo 'vizsla: there is no such model' >&2; exit 2"), [], ""), { message: "there is no such model" });
  await assert.rejects(run(shell("exit 3"), [], ""), /'\/bin\/sh' did not do it/);
});
