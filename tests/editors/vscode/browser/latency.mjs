// From the last key press of a question to its first hits on the screen. Prints JSON: milliseconds of each question.
// Usage: node latency.mjs PORT FOLDER, a question a line on stdin, with the folder of playwright-core in $TOOLS.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
const [port, folder] = process.argv.slice(2);
const questions = readFileSync(0, "utf8").split("\n").filter((line) => line !== "");
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
try {
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  page.setDefaultTimeout(120_000);
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`);
  await page.waitForFunction(() => [...document.querySelectorAll(".statusbar-item")].some((item) => item.textContent.trim() === "Vizsla"));
  await page.evaluate(() => {
    window.drawn = 0;
    window.pressed = 0;
    document.addEventListener("keydown", () => ((window.pressed = performance.now()), (window.drawn = 0)), true);
    new MutationObserver(() => {
      const row = document.querySelector(".quick-input-list .monaco-list-row[aria-label*='▱'], .quick-input-list .monaco-list-row[aria-label*='▰']");
      const first = row?.getAttribute("aria-label") ?? "";
      if (first === "" || first === window.before || window.drawn !== 0) return;
      window.drawn = -1;
      requestAnimationFrame(() => setTimeout(() => (window.drawn = performance.now())));
    }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["aria-label"] });
  });
  const took = [];
  await page.keyboard.press("Control+Alt+F");
  await page.waitForSelector('.quick-input-widget input[placeholder^="What does the function do"]', { state: "visible" });
  for (const question of questions) {
    await page.keyboard.press("Control+A");
    await page.keyboard.press("Delete");
    await page.waitForTimeout(400);
    await page.evaluate(() => (window.before = ""));
    await page.keyboard.type(question, { delay: 5 });
    await page.waitForFunction(() => window.drawn > 0);
    took.push(await page.evaluate(() => window.drawn - window.pressed));
  }
  console.log(JSON.stringify(took));
} finally {
  await browser.close();
}
