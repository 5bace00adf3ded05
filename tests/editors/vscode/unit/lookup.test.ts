/** Which server is started. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { candidates, findServer, type Surroundings } from "../../../../editors/vscode/src/server/lookup.ts";

const AROUND: Surroundings = {
  platform: "linux",
  home: "/home/me",
  path: "",
  python: "",
  logLevel: "warning",
  isTrusted: true,
  folders: ["/code/shop"],
  activePython: async () => "/envs/shop/bin/python",
  searchPath: "/usr/bin:tools:/code/shop/bin",
  privateEnvironment: "/store/server",
};

const there = (...paths: string[]) => async (path: string) => paths.includes(path);

async function launched(around: Partial<Surroundings>, ...paths: string[]): Promise<string> {
  const found = await findServer({ ...AROUND, ...around }, there(...paths));
  return "launch" in found ? [found.launch.command, ...found.launch.args].join(" ") : found.problem;
}

async function commands(around: Surroundings): Promise<string[]> {
  const found: string[] = [];
  for await (const { command } of candidates(around)) found.push(command);
  return found;
}

test("the workspace's environment comes before Python's, PATH and the private one", async () => {
  const order = await commands(AROUND);
  assert.deepEqual(order, [
    "/code/shop/.venv/bin/vizsla",
    "/code/shop/venv/bin/vizsla",
    "/envs/shop/bin/vizsla",
    "/usr/bin/vizsla",
    "/code/shop/bin/vizsla",
    "/store/server/bin/vizsla",
  ]);
});

test("nothing of a folder that is not trusted is run, though PATH leads there", async () => {
  const order = await commands({ ...AROUND, isTrusted: false });
  assert.deepEqual(order, ["/usr/bin/vizsla", "/store/server/bin/vizsla"]);
});

test("the first program that is there is taken", async () => {
  assert.equal(await launched({}, "/usr/bin/vizsla", "/store/server/bin/vizsla"), "/usr/bin/vizsla");
});

test("the setting comes before all others", async () => {
  assert.equal(await launched({ path: "~/bin/vizsla" }, "/home/me/bin/vizsla", "/usr/bin/vizsla"), "/home/me/bin/vizsla");
});

test("a setting that leads nowhere is said, and no other server taken for it", async () => {
  assert.match(await launched({ path: "/gone/vizsla" }, "/usr/bin/vizsla"), /vizsla\.server\.path names '\/gone\/vizsla'/);
  assert.match(await launched({ python: "/gone/python" }, "/usr/bin/vizsla"), /vizsla\.server\.python names/);
});

test("a setting that depends on the current folder is refused", async () => {
  assert.match(await launched({ path: "bin/vizsla" }, "bin/vizsla"), /must be a full path/);
});

test("an interpreter runs the server without looking into the current folder", async () => {
  assert.equal(await launched({ python: "/py/bin/python" }, "/py/bin/python"), "/py/bin/python -P -m vizsla.cli");
});

test("without any server the sentence says what to do", async () => {
  assert.match(await launched({}), /create a private environment/);
});

test("the Python extension, which may have to be started, is asked only where nothing before it is there", async () => {
  const activePython = () => assert.fail("it was asked");
  assert.equal(await launched({ activePython }, "/code/shop/.venv/bin/vizsla"), "/code/shop/.venv/bin/vizsla");
  assert.equal(await launched({ activePython, path: "/bin/vizsla" }, "/bin/vizsla"), "/bin/vizsla");
});

test("on Windows programs lie in Scripts and end in .exe", async () => {
  const windows = { ...AROUND, platform: "win32", folders: ["C:\\shop"], activePython: async () => undefined, searchPath: "C:\\bin;.", privateEnvironment: "D:\\s" };
  assert.deepEqual(await commands(windows), [
    "C:\\shop\\.venv\\Scripts\\vizsla.exe",
    "C:\\shop\\venv\\Scripts\\vizsla.exe",
    "C:\\bin\\vizsla.exe",
    "D:\\s\\Scripts\\vizsla.exe",
  ]);
});

test("another level of the log is another launch, so that the server is started again", async () => {
  const launches = ["warning", "debug"].map((logLevel) => findServer({ ...AROUND, logLevel }, there("/usr/bin/vizsla")));
  const [one, other] = await Promise.all(launches);
  assert.notDeepEqual(one, other);
});
