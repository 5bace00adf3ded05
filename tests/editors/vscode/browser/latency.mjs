// From the input of a question to its first hits on the screen, and to the reranked ones, by the clock of the page.
// Prints JSON: for each question `first` and `reranked` in milliseconds, the second null when nothing was reranked.
// Usage: node latency.mjs PORT FOLDER, a question a line on stdin, with the folder of playwright-core in $TOOLS.
import { readFileSync } from "node:fs";
import { BUSY, openWindow } from "./window.mjs";

const [port, folder] = process.argv.slice(2);
const questions = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
const window = await openWindow(port, folder);
const { page } = window;
try {
  await window.until("ready", async () => (await window.status()) === "Vizsla");
  await page.evaluate(() => {
    const timed = (window.timed = { asked: 0, first: 0, reranked: 0 });
    const drawn = (name) => {
      timed[name] = -1;
      // What changed now is drawn with the next frame; a task after it comes when that is done.
      requestAnimationFrame(() => setTimeout(() => (timed[name] = performance.now())));
    };
    document.addEventListener("input", () => Object.assign(timed, { asked: performance.now(), first: 0, reranked: 0 }), true);
    new MutationObserver(() => {
      const rows = document.querySelectorAll(".quick-input-list .monaco-list-row");
      if (timed.first === 0 && [...rows].some((row) => /[▰▱]/.test(row.getAttribute("aria-label") ?? ""))) drawn("first");
      if (timed.reranked === 0 && document.querySelector(".quick-input-title")?.textContent.includes("reranked")) drawn("reranked");
    }).observe(document.body, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["aria-label"] });
  });
  await window.press("Control+Alt+F", "What does the function do");
  const took = [];
  for (const question of questions) {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await window.until("no hits", async () => !(await window.rows()).some((row) => /[▰▱]/.test(row)));
    await page.keyboard.insertText(question);
    const { asked, first, reranked } = await window.until(`an answer to '${question}'`, async () => {
      const timed = await page.evaluate(() => window.timed);
      return timed.first > 0 && timed.reranked >= 0 && !(await page.isVisible(BUSY)) && page.evaluate(() => window.timed);
    });
    took.push({ first: first - asked, reranked: reranked > 0 ? reranked - asked : null });
  }
  console.log(JSON.stringify(took));
} finally {
  await window.browser.close();
}
