// One sitting of somebody who searches: everything is done by keyboard and mouse in a browser, a picture at each step.
// Usage: node scenario.mjs PORT FOLDER PICTURES, with the folder of playwright-core in $TOOLS.
import assert from "node:assert/strict";
import { globSync, readFileSync, rmSync } from "node:fs";
import { ITEM, openWindow, placeOf, ROW } from "./window.mjs";

const [port, folder, pictures] = process.argv.slice(2);
const QUESTION = "restart a worker that died, waiting longer each time";
const window = await openWindow(port, folder, pictures);
const { page } = window;
const began = Date.now();
const step = (text) => console.log(`# ${((Date.now() - began) / 1000).toFixed(1)} s: ${text}`);
const lineOf = (file, words) => readFileSync(`${folder}/${file}`, "utf8").split("\n").findIndex((line) => line.includes(words)) + 1;
const fileNamed = (name) => globSync(`${folder}/**/${name}`);

try {
  step("the first indexing shows in the status bar and, when it takes long, as a notification");
  await window.until("a notification, or the end", async () => (await window.said("Vizsla: Indexing")) || (await window.status()) === "Vizsla");
  await window.shot("1-indexing");
  await window.ready();
  const { status, notifications } = await window.recorded();
  const busy = status.filter(({ text }) => /indexing|reading files|listing files/.test(text));
  assert.ok(busy.some(({ text }) => /\d/.test(text)), JSON.stringify(status));
  const seconds = (status.at(-1).at - busy[0].at) / 1000;
  if (seconds > 8) assert.ok(notifications.some(({ text }) => text.includes("Indexing")), `${seconds} s without a notification`);

  step("a file is open; a question shows hits while it is typed");
  await window.open("restarts.py", 1);
  assert.ok((await window.ask(QUESTION, { isWatched: true })).length >= 5);
  await window.shot("2-hits");

  step("moving shows the next function behind the picker, Escape returns");
  const away = await window.until("a hit in another file", async () => {
    const place = placeOf(await window.highlighted());
    if (place.file !== "" && place.file !== "restarts.py") return place;
    await page.keyboard.press("ArrowDown");
    return undefined;
  });
  await window.until("a preview", async () => (await window.activeTab()) === away.file && (await window.lines()).includes(away.line));
  await window.shot("3-preview");
  await window.escape();
  await window.until("back", async () => (await window.activeTab()) === "restarts.py" && (await window.tabs()).length === 1);

  step("Enter goes to the highlighted hit");
  const rows = await window.ask(QUESTION);
  await page.keyboard.press("ArrowDown");
  await window.until("the second", async () => (await window.highlighted()) === rows[1]);
  await page.keyboard.press("Enter");
  const { file, line } = placeOf(rows[1]);
  await window.until(`${file}:${line}`, async () => (await window.activeTab()) === file && (await window.line()) === line);
  await window.until("no picker", async () => !(await page.isVisible(".quick-input-widget")));
  await window.shot("4-jumped");

  step("a function that is typed and not saved is found");
  await page.waitForSelector(".monaco-editor.focused");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\ndef brew_coffee(beans):\n\"\"\"Make a cup of coffee from beans.\"\"\"\nreturn beans * 2\n");
  await window.until("the new function", async () => (await window.ask("make a cup of coffee"))[0].includes("brew_coffee"));
  await window.shot("5-unsaved");
  await window.escape();

  step("functions like the one at the cursor");
  const send = lineOf("server/core/child.py", "def send(");
  await window.open("child.py", send);
  await window.press("Control+Alt+S", "Find similar functions");
  const similar = (await window.hits()).map(placeOf);
  assert.ok(!similar.some(({ file, line }) => file === "child.py" && line === send), "itself is left out");
  await window.shot("6-similar");
  await window.escape();

  step("the side bar keeps what was asked");
  await page.click('.activitybar .action-item a[aria-label^="Vizsla"]');
  await page.waitForSelector('.pane-body .monaco-list-row:has-text("restart a worker")');
  await window.shot("7-side-bar");

  step("the menu of the status bar, and the models to choose from");
  await page.click(ITEM);
  await page.waitForSelector(`${ROW}:has-text("Pause indexing")`);
  await page.waitForSelector(`${ROW}:has-text("Train on this workspace")`);
  await window.shot("8-menu");
  await page.click(`${ROW}:has-text("Choose the models that answer")`);
  await page.waitForSelector(`${ROW}:has-text("Go back")`);
  assert.ok((await window.rows()).some((row) => row.includes("default")));
  await window.shot("9-models");
  await window.escape();

  step("a hit whose file vanished meanwhile is said, and one is where one was");
  const [before, tabs] = [await window.activeTab(), await window.tabs()];
  const hits = await window.ask("a vector of numbers made smaller");
  // One that is not shown yet: what an editor has open it does not read again.
  const shown = [placeOf(hits[0]).file, ...tabs];
  const gone = hits.findIndex((row) => /[▰▱]/.test(row) && !shown.includes(placeOf(row).file) && fileNamed(placeOf(row).file).length === 1);
  assert.ok(gone > 0, hits.join("\n"));
  rmSync(fileNamed(placeOf(hits[gone]).file)[0]);
  for (let times = 0; times < gone; times++) await page.keyboard.press("ArrowDown");
  await window.until("the highlight", async () => (await window.highlighted()) === hits[gone]);
  await page.keyboard.press("Enter");
  await window.until("the sentence", () => window.said("cannot be opened; it may have been moved or deleted since"));
  await window.until("back", async () => (await window.activeTab()) === before && (await window.tabs()).length === tabs.length);
  await window.shot("10-vanished");
  step("done");
} catch (error) {
  await window.shot("failed");
  console.log(JSON.stringify(await window.recorded()));
  throw error;
} finally {
  await window.browser.close();
}
