// Opens a window of code-server in which tests run inside the extension host; the exit status is theirs.
// Usage: node drive.mjs PORT folder=PATH|workspace=PATH|ew=true trusting|asking EXTENSION TESTS, with the folder of
// playwright-core in $TOOLS. In a window that asks, no folder is trusted.
import { ARGUMENTS, chromium } from "../browser/window.mjs";
import { listenTo, testing } from "./inside.mjs";

const [port, where, trust, extension, tests] = process.argv.slice(2);
const LONGEST = 600_000; // milliseconds; a machine may be busy with other things
const PATIENCE = 10_000;

/** Tests that say nothing hang, or nobody shows what they say. */
function answers(page) {
  const silent = new Promise((resolve) => setTimeout(() => resolve("does not answer"), PATIENCE));
  return Promise.race([page.evaluate(() => "answers").catch((error) => `does not answer: ${error.message}`), silent]);
}

const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
let status = 1;
try {
  const page = await (await browser.newContext({ viewport: { width: 1000, height: 700 } })).newPage();
  const { finished } = await listenTo(page, (line) => console.log(line), { isTrusting: trust === "trusting" });
  await page.goto(`http://127.0.0.1:${port}/?${where}&${testing(port, extension, tests)}`, { waitUntil: "commit", timeout: LONGEST });
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve("too late"), LONGEST)));
  const crashed = new Promise((resolve) => page.once("crash", () => resolve("of a browser that crashed")));
  const code = await Promise.race([finished, late, crashed]);
  clearTimeout(timer);
  console.log(`# exit ${code}`);
  if (code === "too late") console.log(`# the window ${await answers(page)}`);
  status = code === 0 ? 0 : 1;
} finally {
  await browser.close();
}
process.exit(status);
