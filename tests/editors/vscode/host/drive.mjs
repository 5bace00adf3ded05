// Opens a window of code-server in which tests run inside the extension host; the exit status is theirs.
// Usage: node drive.mjs PORT folder=PATH|workspace=PATH|ew=true trusting|asking EXTENSION TESTS, with the folder of
// playwright-core in $TOOLS. In a window that asks, no folder is trusted.
import { createRequire } from "node:module";

const { chromium } = createRequire(`${process.env.TOOLS}/`)("playwright-core");
const [port, where, trust, extension, tests] = process.argv.slice(2);
const ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"];
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", headless: true, args: ARGUMENTS });
let status = 1;
const LONGEST = 600_000; // milliseconds; a machine may be busy with other things
try {
  const page = await (await browser.newContext({ viewport: { width: 1000, height: 700 } })).newPage();
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  await page.exposeFunction("codeAutomationLog", (_, args) => {
    const line = args.map(String).join(" ");
    if (/^(ok|not ok|#|\s)/.test(line)) console.log(line);
  });
  await page.exposeFunction("codeAutomationExit", (code) => finish(code));
  // A built workbench takes tests only with this option. Its page is changed as it loads: a page that is answered
  // by the driver instead would not be allowed to connect to this machine.
  await page.addInitScript((enableWorkspaceTrust) => {
    const observer = new MutationObserver(() => {
      const meta = document.getElementById("vscode-workbench-web-configuration");
      if (meta === null) return;
      observer.disconnect();
      const settings = JSON.parse(meta.getAttribute("data-settings"));
      settings.enableWorkspaceTrust = enableWorkspaceTrust;
      settings.developmentOptions = { ...settings.developmentOptions, enableSmokeTestDriver: true };
      meta.setAttribute("data-settings", JSON.stringify(settings));
    });
    observer.observe(document, { childList: true, subtree: true });
  }, trust === "asking");
  const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = [["extensionDevelopmentPath", remote(extension)], ["extensionTestsPath", remote(tests)], ["skipWelcome", "true"]];
  await page.goto(`http://127.0.0.1:${port}/?${where}&payload=${encodeURIComponent(JSON.stringify(payload))}`, { waitUntil: "commit", timeout: LONGEST });
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(() => resolve("too late"), LONGEST)));
  const code = await Promise.race([finished, late]);
  clearTimeout(timer);
  console.log(`# exit ${code}`);
  status = code === 0 ? 0 : 1;
} finally {
  await browser.close();
}
process.exit(status);
