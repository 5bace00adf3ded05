/** Rows of the picker. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { areSame, bar, keepInPlace, rowOf } from "../../../../editors/vscode/src/search/rows.ts";
import { hit } from "./hits.ts";

const named = (...names: string[]) => names.map((name) => hit(name));
const order = (hits: readonly { name: string }[]) => hits.map(({ name }) => name).join("");

test("a row says name, score, container, place and documentation", () => {
  const row = rowOf(hit("send", { container: "Mail", doc: "Send it.", score: 0.8 }), undefined);
  assert.deepEqual(row, { label: "$(symbol-function) send", description: "▰▰▰▰▱  Mail  send.py:5", detail: "Send it." });
});

test("without documentation the signature is shown, in several folders the folder too", () => {
  const row = rowOf(hit("send", { kind: "method", isStale: true, copies: [{ uri: "", path: "", line: 0 }] }), "shop");
  assert.equal(row.label, "$(symbol-method) send");
  assert.equal(row.description, "▰▰▰▱▱  shop/send.py:5  +1 copy  changed since");
  assert.equal(row.detail, "def send()");
});

test("code that looks like an icon stays code", () => {
  assert.ok(!rowOf(hit("jq", { doc: "Same as $(gear) in a shell" }), undefined).detail.includes("$("));
});

test("a bar is full at one, empty at nothing, and never longer", () => {
  assert.deepEqual([0, 0.49, 1, 7, -1].map(bar), ["▱▱▱▱▱", "▰▰▱▱▱", "▰▰▰▰▰", "▰▰▰▰▰", "▱▱▱▱▱"]);
});

test("while the first row is highlighted the better order is taken as it is", () => {
  assert.equal(order(keepInPlace(named("a", "b", "c"), named("c", "a", "b"), 0)), "cab");
});

test("a row that was moved to stays where it is, the others go around it", () => {
  assert.equal(order(keepInPlace(named("a", "b", "c", "d"), named("d", "c", "b", "a"), 1)), "dbca");
  assert.equal(order(keepInPlace(named("a", "b", "c", "d"), named("c", "d", "a", "b"), 2)), "dacb");
});

test("a highlighted hit that the better order lacks is not taken away", () => {
  assert.equal(order(keepInPlace(named("a", "b"), named("a", "c"), 1)), "abc");
});

test("a highlight below a shorter order comes last", () => {
  assert.equal(order(keepInPlace(named("a", "b", "c"), named("c"), 2)), "c");
});

test("rows that look the same are not drawn again", () => {
  const rows = (...names: string[]) => named(...names).map((each) => rowOf(each, undefined));
  assert.ok(areSame(rows("a", "b"), rows("a", "b")));
  assert.ok(!areSame(rows("a", "b"), rows("b", "a")));
  assert.ok(!areSame(rows("a"), rows("a", "b")));
});
