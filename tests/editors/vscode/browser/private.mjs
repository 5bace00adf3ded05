// Somebody without a server says yes to a private environment, and asks a question of it.
// Usage: node private.mjs PORT FOLDER PICTURES, with the folder of playwright-core in $TOOLS.
import assert from "node:assert/strict";
import { ITEM, openWindow, ROW } from "./window.mjs";

const [port, folder, pictures] = process.argv.slice(2);
const window = await openWindow(port, folder, pictures);
const { page } = window;
try {
  await window.until("no server", async () => (await window.status()) === "Vizsla: no server");
  await window.until("the sentence", () => window.said("no server yet"));
  await window.shot("11-no-server");
  await page.click(ITEM); // the notification offers it too, but goes away by itself
  await page.click(`${ROW}:has-text("Create a private environment")`);
  await page.click('.monaco-dialog-box a:has-text("Install"), .monaco-dialog-box button:has-text("Install")');
  const began = Date.now();
  await window.until("the installation", () => window.said("Installing the server"));
  await window.until("that it is being installed", async () => (await window.status()) === "Vizsla: installing");
  await page.waitForSelector(`${ITEM}:has-text("installing")`, { state: "detached", timeout: 900_000 });
  console.log(`# installed in ${Math.round((Date.now() - began) / 1000)} s`);
  assert.match((await window.ask("try again when an upload fails"))[0], /retry_upload/);
  console.log("# done");
} catch (error) {
  await window.shot("failed");
  throw error;
} finally {
  await window.browser.close();
}
