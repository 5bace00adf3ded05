// A window of code-server in a browser, and what somebody does in it. Waiting is for states; what passes is recorded.
import { createRequire } from "node:module";

export const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
export const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const DEADLINE = 180_000; // a machine may be busy with other things
export const ROW = ".quick-input-list .monaco-list-row";
export const ITEM = '.statusbar-item[id="vizsla.vizsla.vizsla.status"]';
const WIDGET = ".quick-input-widget";
export const BUSY = `${WIDGET} .monaco-progress-container.active`;

/**
 * Open a folder. `pictures` is where pictures go; without it, what passes is not recorded either. `prepare` gets the page
 * before it is opened; `address` is put to the end of its address.
 */
export async function openWindow(port, folder, pictures, { prepare, address } = {}) {
  const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
  const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
  page.setDefaultTimeout(DEADLINE);
  if (pictures !== undefined) await page.addInitScript(record, ITEM);
  await prepare?.(page);
  const more = address === undefined ? "" : `&${address}`;
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}${more}`, { waitUntil: "commit" });
  await page.waitForSelector(ITEM);
  return new Window(browser, page, pictures);
}

/** Runs in the page: keeps every text that the status had, and every notification, with the time. */
function record(item) {
  window.recorded = { status: [], notifications: [] };
  const add = (list, text) => {
    if (text !== "" && list.at(-1)?.text !== text) list.push({ text, at: performance.now() });
  };
  new MutationObserver(() => {
    add(window.recorded.status, document.querySelector(item)?.textContent.trim() ?? "");
    for (const toast of document.querySelectorAll(".notification-list-item-message")) {
      if (!window.recorded.notifications.some(({ text }) => text === toast.textContent)) add(window.recorded.notifications, toast.textContent);
    }
  }).observe(document, { subtree: true, childList: true, characterData: true });
}

class Window {
  constructor(browser, page, pictures) {
    Object.assign(this, { browser, page, pictures });
  }

  async shot(name) {
    await this.page.waitForTimeout(150); // for what is drawn in steps
    await this.page.screenshot({ path: `${this.pictures}/${name}.png` });
  }

  async until(what, holds, milliseconds = DEADLINE) {
    for (const deadline = Date.now() + milliseconds; Date.now() < deadline; await this.page.waitForTimeout(50)) {
      const value = await holds();
      if (value) return value;
    }
    throw new Error(`it never came: ${what}`);
  }

  /** Wait until all is indexed; it may take as long as it likes while its numbers change. */
  async ready() {
    let [last, changed] = ["", Date.now()];
    await this.until("ready", async () => {
      const now = await this.status();
      if (now !== last) [last, changed] = [now, Date.now()];
      if (Date.now() - changed > DEADLINE) throw new Error(`for ${DEADLINE / 1000} seconds nothing changed at '${now}'`);
      return now === "Vizsla";
    }, Infinity);
  }

  recorded() {
    return this.page.evaluate(() => window.recorded);
  }

  /** Whether there was a notification with these words. */
  async said(words) {
    return (await this.recorded()).notifications.some(({ text }) => text.includes(words));
  }

  async status() {
    return (await this.page.textContent(ITEM)).trim();
  }

  /** Labels of the rows of the picker that can be seen, in their order, which is not that of the page. */
  rows() {
    return this.page.$$eval(ROW, (all) =>
      all.sort((a, b) => a.dataset.index - b.dataset.index).map((row) => row.getAttribute("aria-label") ?? ""),
    );
  }

  async highlighted() {
    return (await this.page.$$eval(`${ROW}.focused`, (all) => all.map((row) => row.getAttribute("aria-label") ?? "")))[0] ?? "";
  }

  async tabs() {
    return this.page.$$eval(".tab", (all) => all.map((tab) => tab.getAttribute("data-resource-name")));
  }

  async activeTab() {
    return (await this.page.$$eval(".tab.active", (all) => all.map((tab) => tab.getAttribute("data-resource-name"))))[0] ?? "";
  }

  /** Lines that can be seen, from 1. */
  lines() {
    return this.page.$$eval(".monaco-editor .line-numbers", (all) => all.map((number) => Number(number.textContent)));
  }

  /** Line of the cursor, from 1. */
  async line() {
    const text = await this.page.$$eval(".statusbar-item", (all) => all.map((item) => item.textContent).find((words) => words.includes("Ln ")) ?? "");
    return Number(/Ln (\d+)/.exec(text)?.[1] ?? 0);
  }

  /** Press keys until the picker with this placeholder or title is there; keys that come too early are lost. */
  async press(keys, beginning) {
    const isThere = async () => {
      const [place, title] = await this.page.evaluate((widget) => {
        const found = document.querySelector(widget);
        if (found === null || found.style.display === "none") return ["", ""];
        return [found.querySelector("input.input, .quick-input-box input")?.placeholder ?? "", found.querySelector(".quick-input-title")?.textContent ?? ""];
      }, WIDGET);
      return place.startsWith(beginning) || title.startsWith(beginning);
    };
    await this.until(beginning, async () => {
      if (await isThere()) return true;
      await this.page.keyboard.press(keys);
      for (let times = 0; times < 40; times++) {
        if (await isThere()) return true;
        await this.page.waitForTimeout(50);
      }
      return false;
    });
  }

  async escape() {
    await this.until("no picker", async () => {
      if (!(await this.page.isVisible(WIDGET))) return true;
      await this.page.keyboard.press("Escape");
      await this.page.waitForTimeout(100);
      return false;
    });
  }

  /** Open a file by its name, at a line from 1, with the cursor in it. */
  async open(name, line) {
    await this.press("Control+P", "Search files by name");
    await this.page.keyboard.insertText(`${name}:${line}`);
    await this.until(name, async () => (await this.highlighted()).startsWith(name));
    await this.page.keyboard.press("Enter");
    await this.until(name, async () => (await this.activeTab()) === name && (await this.line()) === line);
    await this.page.waitForSelector(".monaco-editor.focused");
  }

  /** Put a question into a new picker, letter by letter when it is to be watched. */
  async ask(question, { isWatched = false } = {}) {
    await this.escape();
    await this.press("Control+Alt+F", "What does the function do");
    await this.page.keyboard.press("Control+A");
    if (isWatched) await this.page.keyboard.type(question, { delay: 15 });
    else await this.page.keyboard.insertText(question);
    return this.hits();
  }

  /** The rows with a bar for their score, once there is an answer and nothing more is awaited. */
  async hits() {
    return this.until("hits", async () => {
      const rows = await this.rows();
      const isOver = rows.some((row) => /[▰▱]/.test(row)) && !(await this.page.isVisible(BUSY));
      if (!isOver && rows.length === 1 && /^info/.test(rows[0])) throw new Error(`instead of hits: ${rows[0]}`);
      return isOver && rows;
    });
  }
}

/** File and line of a hit's row. */
export function placeOf(row) {
  const found = /([^\s/]+):(\d+)/.exec(row);
  return found === null ? { file: "", line: 0 } : { file: found[1], line: Number(found[2]) };
}
