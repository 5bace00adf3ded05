// Somebody without a server says yes to a private environment, and asks a question of it.
// Usage: node private.mjs PORT FOLDER PICTURES, with the folder of playwright-core in $TOOLS.
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
const [port, folder, pictures] = process.argv.slice(2);
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
const page = await (await browser.newContext({ viewport: { width: 1280, height: 800 } })).newPage();
page.setDefaultTimeout(60_000);
try {
  await page.goto(`http://127.0.0.1:${port}/?folder=${folder}`);
  await page.waitForSelector('.statusbar-item:has-text("Vizsla: no server")');
  await page.waitForSelector('.notification-toast:has-text("no server yet")');
  await page.screenshot({ path: `${pictures}/9-no-server.png` });
  await page.click('.notification-toast a:has-text("Create"), .notification-toast button:has-text("Create")');
  await page.click('.monaco-dialog-box a:has-text("Install"), .monaco-dialog-box button:has-text("Install")');
  await page.waitForSelector('.notification-toast:has-text("Installing the server")');
  const began = Date.now();
  await page.waitForSelector('.statusbar-item:has-text("Vizsla: no server")', { state: "detached", timeout: 400_000 });
  console.log(`# installed in ${Math.round((Date.now() - began) / 1000)} s`);
  await page.waitForTimeout(500);
  for (let tries = 0; ; tries++) {
    await page.keyboard.press("Control+Alt+F");
    await page.keyboard.type("try again when an upload fails");
    try {
      await page.waitForSelector('.quick-input-list .monaco-list-row:has-text("retry_upload")', { timeout: 5_000 });
      break;
    } catch (error) {
      if (tries === 10) throw error;
      await page.keyboard.press("Escape");
    }
  }
  console.log("# done");
} catch (error) {
  await page.screenshot({ path: `${pictures}/failed.png` });
  throw error;
} finally {
  await browser.close();
}
