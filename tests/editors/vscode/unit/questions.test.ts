/** What is remembered of questions: history, filters, the side bar's list and its Markdown. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { added, answered, asMarkdown, groups, type Question, restored, without } from "../../../../editors/vscode/src/results/model.ts";
import { filterChoices, isHalfTyped, withFilter } from "../../../../editors/vscode/src/search/filters.ts";
import { forget, recentQuestions, remember } from "../../../../editors/vscode/src/search/history.ts";
import { answer, hit } from "./hits.ts";

function keeper(kept?: unknown) {
  return { get: () => kept, update: async (_: string, value: unknown) => void (kept = value) };
}

function question(text: string, isPinned = false, hits = [hit("a")]): Question {
  return { text, hits, notes: [], isPinned };
}

test("the newest question comes first, each once, at most fifty", async () => {
  const kept = keeper();
  for (let number = 0; number < 60; number++) await remember(kept, `q${number}`);
  await remember(kept, "q30");
  assert.deepEqual(recentQuestions(kept).slice(0, 3), ["q30", "q59", "q58"]);
  assert.equal(recentQuestions(kept).length, 50);
  await forget(kept, "q30");
  assert.equal(recentQuestions(kept)[0], "q59");
});

test("a history that somebody broke is an empty one", () => {
  assert.deepEqual(recentQuestions(keeper("no list")), []);
  assert.deepEqual(recentQuestions(keeper(["good", 3])), ["good"]);
});

test("the language and the folder of the open file are the first filters", () => {
  assert.deepEqual(filterChoices("go", "my files").slice(0, 2).map(({ text }) => text), ["lang:go", 'in:"my files"']);
});

test("a filter is put in front, taken away again, and one that wants a value is put where it is typed", () => {
  assert.equal(withFilter("send mail", "is:open"), "is:open send mail");
  assert.equal(withFilter("is:open send mail", "is:open"), "send mail");
  assert.equal(withFilter("send mail", "path:"), "send mail path:");
  assert.equal(withFilter("", "lang:go"), "lang:go ");
});

test("a filter with blanks between quotes is one filter", () => {
  assert.equal(withFilter('in:"my files" send mail', 'in:"my files"'), "send mail");
  assert.equal(withFilter("send mail", 'in:"my files"'), 'in:"my files" send mail');
});

test("a filter without a value is not asked yet", () => {
  assert.deepEqual(["send lang:", "-path:", "send lang:go", "std::"].map(isHalfTyped), [true, true, false, false]);
});

test("a question that is asked again keeps its pin", () => {
  const questions = added(added([question("a", true)], question("b")), question("a"));
  assert.deepEqual(questions.map(({ text, isPinned }) => [text, isPinned]), [["a", true], ["b", false]]);
});

test("old questions go, pinned ones stay", () => {
  let questions: Question[] = [question("pinned", true)];
  for (let number = 0; number < 30; number++) questions = added(questions, question(`q${number}`));
  assert.equal(questions.length, 21);
  assert.equal(questions.at(-1)?.text, "pinned");
});

test("a question outlives the window as data, and what is no question is left out", () => {
  const kept = question("a", true);
  const stored: unknown = JSON.parse(JSON.stringify([kept, { ...kept, hits: [{}] }, { text: 3 }, null]));
  assert.deepEqual(restored(stored), [kept]);
  assert.deepEqual([restored(undefined), restored("no list")], [[], []]);
});

test("hits are grouped by file in the order of the best", () => {
  const inFile = (name: string, file: string) => hit(name, { path: file, location: { ...hit(name).location, uri: `file:///${file}` } });
  const all = groups(question("q", false, [inFile("a", "x"), inFile("b", "y"), inFile("c", "x")]));
  assert.deepEqual(all.map(({ path, hits }) => [path, hits.map(({ name }) => name)]), [["x", ["a", "c"]], ["y", ["b"]]]);
});

test("Markdown holds links that work, and code that is no markup", () => {
  const odd = hit("f", { qualifiedName: "A.f", path: "a b/(x).py", doc: "Use *this*" });
  assert.equal(asMarkdown(question("is [it]?", false, [odd])), "### is \\[it\\]?\n\n- [`A.f`](a%20b/%28x%29.py#L5) a b/(x).py:5 — Use \\*this\\*\n");
  assert.match(asMarkdown(question("q", false, [])), /Nothing was found/);
});

test("a hit that was not what was meant goes, and does not come back when it is asked again", () => {
  const hits = [hit("a"), hit("b")];
  const rest = without(question("q", false, hits), hits[0]!);
  assert.deepEqual(rest.hits.map(({ name }) => name), ["b"]);
  assert.deepEqual(answered(rest, answer("a", "b", "c")).hits.map(({ name }) => name), ["b", "c"]);
  assert.deepEqual(added([rest], question("q", false, hits))[0]?.hits.map(({ name }) => name), ["b"]);
});
