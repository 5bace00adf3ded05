// One sitting of somebody who searches: everything is done by keyboard and mouse in a browser, a picture at each step.
// Usage: node scenario.mjs PORT FOLDER PICTURES, with the folder of playwright-core in $TOOLS.
import assert from "node:assert/strict";
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
const [port, folder, pictures] = process.argv.slice(2);
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const QUESTION = "restart a worker that died, waiting longer each time";
const ROW = ".quick-input-list .monaco-list-row";
const ITEM = '.statusbar-item[id="vizsla.vizsla.vizsla.status"], .statusbar-item:has-text("Vizsla")';

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
page.setDefaultTimeout(60_000);
const shot = async (name) => page.screenshot({ path: `${pictures}/${name}.png` });
const step = (text) => console.log(`# ${text}`);
const rows = () => page.$$eval(ROW, (all) => all.map((row) => row.getAttribute("aria-label") ?? ""));
const activeTab = async () => ((await page.$$eval(".tab.active", (all) => all.map((tab) => tab.getAttribute("data-resource-name"))))[0] ?? "");
const untilTrue = async (what, holds) => {
  for (const deadline = Date.now() + 120_000; Date.now() < deadline; await page.waitForTimeout(50)) {
    if (await holds()) return;
  }
  throw new Error(`it never came: ${what}`);
};

async function ask(question) {
  await page.keyboard.press("Control+Alt+F");
  await page.waitForSelector('.quick-input-widget input[placeholder^="What does the function do"]', { state: "visible" });
  await page.keyboard.press("Control+A");
  await page.keyboard.type(question, { delay: 15 });
}

try {
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`);
  await page.waitForSelector(".monaco-workbench");
  step("the first indexing shows in the status bar and as a notification");
  await page.waitForSelector(ITEM);
  await page.waitForSelector(".notification-toast:has-text('Vizsla')");
  await page.waitForSelector(".notification-toast:has-text('embedding')");
  await page.waitForTimeout(1500);
  await shot("1-indexing");
  await untilTrue("ready", async () => (await page.$$eval(ITEM, (all) => all.map((item) => item.textContent.trim()))).includes("Vizsla"));

  step("a file is open; a question shows hits while it is typed");
  await page.keyboard.press("Control+P");
  await page.keyboard.type("restarts.py");
  await page.waitForSelector(`${ROW}:has-text("restarts.py")`);
  await page.keyboard.press("Enter");
  await untilTrue("restarts.py", async () => (await activeTab()) === "restarts.py");
  await ask(QUESTION);
  await page.waitForSelector(`${ROW}:has-text("▰")`);
  await page.waitForTimeout(700);
  const found = await rows();
  assert.ok(found.length >= 5, found.join("\n"));
  await shot("2-hits");

  step("moving shows the next function behind the picker, Escape returns");
  for (let times = 0; times < 3; times++) await page.keyboard.press("ArrowDown");
  await untilTrue("a preview", async () => (await activeTab()) !== "restarts.py");
  await page.waitForTimeout(700);
  await shot("3-preview");
  await page.keyboard.press("Escape");
  await untilTrue("back", async () => (await activeTab()) === "restarts.py");
  await untilTrue("nothing else open", async () => (await page.$$(".tab")).length === 1);

  step("Enter goes to the highlighted hit");
  await ask(QUESTION);
  await page.waitForSelector(`${ROW}:has-text("▰")`);
  await page.waitForTimeout(700);
  const second = (await rows())[1].split(",")[0];
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await page.waitForSelector(".quick-input-widget", { state: "hidden" });
  await page.waitForTimeout(700);
  await shot("4-jumped");
  step(`it went to ${second} in ${await activeTab()}`);

  step("a function that is typed and not saved is found");
  await page.keyboard.press("Control+End");
  await page.keyboard.type("\n\ndef brew_coffee(beans):\n\"\"\"Make a cup of coffee from beans.\"\"\"\nreturn beans * 2\n", { delay: 2 });
  await page.waitForTimeout(500);
  for (let tries = 0; tries < 40; tries++) {
    await ask("make a cup of coffee");
    await page.waitForTimeout(600);
    if ((await rows())[0]?.includes("brew_coffee")) break;
    await page.keyboard.press("Escape");
  }
  assert.match((await rows())[0] ?? "", /brew_coffee/);
  await shot("5-unsaved");
  await page.keyboard.press("Escape");

  step("functions like the one at the cursor");
  await page.keyboard.press("Control+P");
  await page.keyboard.type("child.py");
  await page.waitForSelector(`${ROW}:has-text("child.py")`);
  await page.keyboard.press("Enter");
  await untilTrue("child.py", async () => (await activeTab()) === "child.py");
  await page.keyboard.press("Control+G");
  await page.keyboard.type("60");
  await page.keyboard.press("Enter");
  await page.waitForTimeout(300);
  await page.keyboard.press("Control+Alt+S");
  await page.waitForSelector(`${ROW}:has-text("▰")`);
  await page.waitForTimeout(500);
  await shot("6-similar");
  await page.keyboard.press("Escape");

  step("the side bar keeps what was asked");
  await page.click('.activitybar .action-item a[aria-label^="Vizsla"]');
  await page.waitForSelector('.pane-body .monaco-list-row:has-text("restart a worker")');
  await page.waitForTimeout(500);
  await shot("7-side-bar");

  step("the menu of the status bar");
  await page.click(ITEM);
  await page.waitForSelector(`${ROW}:has-text("Pause indexing")`);
  await shot("8-menu");
  await page.keyboard.press("Escape");
  console.log("# done");
} catch (error) {
  await shot("failed");
  throw error;
} finally {
  await browser.close();
}
