// From the input of a question to its first hits on the screen, and to its last ones, by the clock of the page; beside
// it what the server took by its own, as the extension host of the same window hears it. Prints a line of JSON for each
// fact as soon as it is known, so that what goes wrong later takes nothing away.
// Usage: node latency.mjs PORT FOLDER EXTENSION TESTS DONE, a question a line on stdin, with the folder of playwright-core
// in $TOOLS; DONE is a file that is made when everything was asked.
import { readFileSync, writeFileSync } from "node:fs";
import { listenTo, testing } from "../host/inside.mjs";
import { openWindow, ROW } from "./window.mjs";

const [port, folder, extension, tests, done] = process.argv.slice(2);
const questions = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
const LONGEST_ANSWER = 60_000;
const QUIET = 300; // milliseconds without a change on the screen, after which the last answer is taken for drawn
const say = (fact) => console.log(JSON.stringify(fact));
const heard = { isReady: false, answers: [], memory: undefined };

function onLine(line) {
  if (line.startsWith("not ok")) return say({ problem: line });
  if (!line.startsWith("# {")) return undefined;
  const { answer, ...others } = JSON.parse(line.slice(2));
  if (answer !== undefined) heard.answers.push(answer);
  return Object.assign(heard, others);
}

const window = await openWindow(port, folder, undefined, {
  address: testing(port, extension, tests),
  prepare: async (page) => void (await listenTo(page, onLine)).finished.then((code) => (heard.ended = `the extension host ended with ${code}`)),
});
const { page } = window;

/** Times of one question, or why there are none. */
async function timesOf(question) {
  heard.answers = [];
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Delete");
  await window.until("no hits", async () => !(await window.rows()).some((row) => /[▰▱]/.test(row)));
  await page.keyboard.insertText(question);
  const timed = await window.until(
    `an answer to '${question}'`,
    async () => {
      const last = heard.answers.find(({ isLast }) => isLast);
      const now = await page.evaluate(() => ({ ...window.timed, now: performance.now(), title: document.querySelector(".quick-input-title")?.textContent ?? "" }));
      const isShown = last !== undefined && (!last.isReranked || now.title.includes("reranked"));
      return isShown && now.waiting === 0 && now.now - Math.max(now.last, now.asked) > QUIET && now;
    },
    LONGEST_ANSWER,
  );
  if (timed.first === 0) throw new Error(`no hits: ${(await window.rows())[0]}`);
  const answers = heard.answers.filter(({ hits, isLast }) => hits > 0 || isLast);
  const last = answers.find(({ isLast }) => isLast);
  return {
    first: timed.first - timed.asked,
    last: timed.last - timed.asked,
    serverFirst: answers[0].server,
    serverLast: last.server,
    isReranked: last.isReranked,
  };
}

/** What VS Code itself says of the activation of the extension: loading its code and calling it. */
async function activation() {
  await window.escape();
  await page.setViewportSize({ width: 1280, height: 4000 }); // what cannot be seen is not in the page
  await window.press("Control+P", "Search files by name");
  await page.keyboard.insertText(">Developer: Show Running Extensions");
  await window.until("the command", async () => (await window.highlighted()).includes("Show Running Extensions"));
  await page.keyboard.press("Enter");
  return window.until("the activation", async () => {
    const texts = await page.$$eval(".activation-time", (all) =>
      all.filter((each) => /vizsla/i.test(each.closest(".monaco-list-row")?.textContent ?? "")).map((each) => each.textContent),
    );
    const found = /(\d+)\s*ms/.exec(texts[0] ?? "");
    return found === null ? undefined : { milliseconds: Number(found[1]) };
  }, LONGEST_ANSWER);
}

try {
  await window.until("an extension host that is ready", () => heard.isReady || heard.ended);
  if (heard.ended) throw new Error(heard.ended);
  await page.evaluate(() => {
    const timed = (window.timed = { asked: 0, first: 0, last: 0, waiting: 0 });
    const isOfPicker = ({ target }) => (target.nodeType === Node.ELEMENT_NODE ? target : target.parentElement)?.closest(".quick-input-list, .quick-input-title");
    document.addEventListener("input", () => Object.assign(timed, { asked: performance.now(), first: 0, last: 0 }), true);
    new MutationObserver((changes) => {
      if (!changes.some(isOfPicker)) return;
      const { asked } = timed;
      timed.waiting++;
      const hasHits = [...document.querySelectorAll(".quick-input-list .monaco-list-row")].some((row) => /[▰▱]/.test(row.getAttribute("aria-label") ?? ""));
      // What changed now is drawn with the next frame; a task after it comes when that is done.
      requestAnimationFrame(() =>
        setTimeout(() => {
          timed.waiting--;
          if (timed.asked !== asked) return;
          timed.last = performance.now();
          if (timed.first === 0 && hasHits) timed.first = timed.last;
        }),
      );
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["aria-label"] });
  });
  await window.press("Control+Alt+F", "What does the function do");
  for (const question of questions) {
    try {
      say({ question, ...(await timesOf(question)) });
    } catch (error) {
      const known = { timed: await page.evaluate(() => window.timed), answers: heard.answers };
      say({ question, problem: `${error.message}; known: ${JSON.stringify(known)}` });
    }
  }
  try {
    say({ activation: (await activation()).milliseconds });
  } catch (error) {
    say({ problem: `the activation was not measured: ${error.message}; rows: ${(await page.$$(ROW)).length}` });
  }
  writeFileSync(done, "");
  await window.until("what the extension host holds", () => heard.memory ?? heard.ended, LONGEST_ANSWER);
  say({ memory: heard.memory });
} catch (error) {
  say({ problem: error.message });
} finally {
  await window.browser.close();
}
