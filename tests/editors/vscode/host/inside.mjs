// Tests inside the extension host of a window that a browser shows: made possible, and listened to.

/** Words of the address of a window that runs a file of tests; the extension is taken from its folder. */
export function testing(port, extension, tests) {
  const remote = (path) => `vscode-remote://127.0.0.1:${port}${path}`;
  const payload = [["extensionDevelopmentPath", remote(extension)], ["extensionTestsPath", remote(tests)], ["skipWelcome", "true"]];
  return `payload=${encodeURIComponent(JSON.stringify(payload))}`;
}

/** Before a page is opened: let it take tests. Each line that they print goes to `onLine`; the promise is their exit code. */
export async function listenTo(page, onLine, { isTrusting = true } = {}) {
  let finish;
  const finished = new Promise((resolve) => (finish = resolve));
  await page.exposeFunction("codeAutomationLog", (_, args) => {
    const line = args.map(String).join(" ");
    if (/^(ok|not ok|#|\s)/.test(line)) onLine(line);
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
  }, !isTrusting);
  return { finished };
}
