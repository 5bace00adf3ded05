/** Asking while somebody types. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { SearchResult } from "../../../../editors/vscode/src/protocol.ts";
import { Asking } from "../../../../editors/vscode/src/search/asking.ts";
import { answer } from "./hits.ts";

interface Sent {
  readonly query: string;
  readonly signal: AbortSignal;
  partial(result: SearchResult): void;
  answer(result: SearchResult): void;
  fail(error: Error): void;
}

/** An asking whose server is the test, in mocked time. */
function bench(mock: { timers: { enable(options: { apis: ["setTimeout"] }): void; tick(milliseconds: number): void } }) {
  mock.timers.enable({ apis: ["setTimeout"] });
  const sent: Sent[] = [];
  const seen: string[] = [];
  const busy: boolean[] = [];
  const asking = new Asking(
    (query, signal, partial) =>
      new Promise((done, fail) => void sent.push({ query, signal, partial, answer: done, fail })),
    {
      onAnswer: (query, { hits }, isLast) => void seen.push(`${query}: ${hits.map(({ name }) => name).join(" ")}${isLast ? "." : ""}`),
      onProblem: (query, sentence) => void seen.push(`${query}! ${sentence}`),
      onBusy: (isBusy) => void busy.push(isBusy),
    },
    () => 50,
  );
  const settled = async () => {
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  };
  return { asking, sent, seen, busy, settled, tick: (milliseconds: number) => mock.timers.tick(milliseconds) };
}

test("only what typing rests on is asked", ({ mock }) => {
  const { asking, sent, tick } = bench(mock);
  for (const text of ["s", "se", "sen", "send"]) {
    asking.type(text);
    tick(49);
  }
  tick(1);
  assert.deepEqual(sent.map(({ query }) => query), ["send"]);
});

test("a newer question gives the older up, and its late answer is dropped", async ({ mock }) => {
  const { asking, sent, seen, settled, tick } = bench(mock);
  asking.type("send");
  tick(50);
  asking.type("send mail");
  assert.ok(sent[0]?.signal.aborted);
  sent[0]?.answer(answer("late"));
  await settled();
  tick(50);
  sent[1]?.answer(answer("mail"));
  await settled();
  assert.deepEqual(seen, ["send mail: mail."]);
});

test("the error of a question that was given up is nobody's business", async ({ mock }) => {
  const { asking, sent, seen, settled, tick } = bench(mock);
  asking.type("send");
  tick(50);
  asking.stop();
  sent[0]?.fail(new Error("cancelled"));
  await settled();
  assert.deepEqual(seen, []);
});

test("answers come in the order in which they were made, the last one marked", async ({ mock }) => {
  const { asking, sent, seen, settled, tick } = bench(mock);
  asking.type("send");
  tick(50);
  sent[0]?.partial(answer("a", "b"));
  sent[0]?.answer(answer("b", "a"));
  await settled();
  sent[0]?.partial(answer("too late"));
  assert.deepEqual(seen, ["send: a b", "send: b a."]);
});

test("blanks make no new question", ({ mock }) => {
  const { asking, sent, tick } = bench(mock);
  asking.type("send");
  tick(50);
  asking.type(" send ");
  tick(50);
  assert.equal(sent.length, 1);
  assert.ok(!sent[0]?.signal.aborted);
});

test("what was stopped may be asked again", ({ mock }) => {
  const { asking, sent, tick } = bench(mock);
  asking.type("send");
  tick(50);
  asking.stop();
  asking.type("send");
  tick(50);
  assert.equal(sent.length, 2);
});

test("it is busy from the first letter to the last answer, also when that is an error", async ({ mock }) => {
  const { asking, sent, seen, busy, settled, tick } = bench(mock);
  asking.type("send");
  assert.equal(busy.at(-1), true);
  tick(50);
  sent[0]?.fail(new Error("there is no language 'x'"));
  await settled();
  assert.equal(busy.at(-1), false);
  assert.deepEqual(seen, ["send! there is no language 'x'"]);
});

test("the newest question can be asked once more, but not while it is open", async ({ mock }) => {
  const { asking, sent, seen, settled, tick } = bench(mock);
  asking.again();
  asking.type("send");
  asking.again();
  tick(50);
  asking.again();
  assert.equal(sent.length, 1);
  sent[0]?.answer(answer("partial"));
  await settled();
  asking.again();
  sent[1]?.answer(answer("whole"));
  await settled();
  assert.deepEqual(seen, ["send: partial.", "send: whole."]);
});
