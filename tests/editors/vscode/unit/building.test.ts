/** The private environment is made anew without ever losing the one before, in real folders. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { build, NotBegun, recover } from "../../../../editors/vscode/src/server/building.ts";

/** Makes environments with itself in them; what "pip" does there is what the wheel says. */
const PYTHON = `#!/bin/sh
for last; do :; done
case "$2" in
  venv) mkdir -p "$last/bin" && cp "$0" "$last/bin/python" ;;
  pip) place=$(dirname "$(dirname "$0")"); . "$last" ;;
esac
`;
const GOOD = 'echo new > "$place/bin/vizsla"';
const BROKEN = 'touch "$place/half"; echo "no network" >&2; exit 1';
const ENDLESS = '(sleep 0.5; mkdir -p "$place"; touch "$place/late") >/dev/null 2>&1 & touch "$place/begun"; exec sleep 60';

class Storage {
  readonly place: string;
  readonly #python: string;
  readonly #gone = new AbortController();
  warned = "";

  constructor(context: TestContext) {
    const folder = mkdtempSync(join(tmpdir(), "vizsla-"));
    context.after(() => rmSync(folder, { recursive: true }));
    this.place = join(folder, "store", "server");
    this.#python = join(folder, "python");
    writeFileSync(this.#python, PYTHON, { mode: 0o755 });
  }

  /** An environment with a server that says who it is; one without is what a crash leaves. */
  has(name: string, server?: string): void {
    mkdirSync(join(this.#beside(name), "bin"), { recursive: true });
    if (server !== undefined) writeFileSync(join(this.#beside(name), "bin", "vizsla"), server);
  }

  build(script: string, move?: Parameters<typeof build>[3]): Promise<void> {
    const wheel = join(dirname(this.#python), "wheel");
    writeFileSync(wheel, script);
    const log = { info: () => undefined, warn: (text: string) => void (this.warned += text) };
    return build({ place: this.place, python: this.#python, wheel }, this.#gone.signal, log, move);
  }

  giveUp(): void {
    this.#gone.abort();
  }

  /** What the server at the place of the environment says. */
  server(): string {
    return readFileSync(join(this.place, "bin", "vizsla"), "utf8").trim();
  }

  names(): string[] {
    return readdirSync(dirname(this.place)).sort();
  }

  claimedBy(pid: number): void {
    writeFileSync(`${this.place}.making`, String(pid));
  }

  #beside(name: string): string {
    return join(dirname(this.place), name);
  }
}

const soon = async (isSo: () => boolean): Promise<void> => {
  while (!isSo()) await new Promise((done) => setTimeout(done, 10));
};
const later = (milliseconds: number): Promise<void> => new Promise((done) => setTimeout(done, milliseconds));

test("the first environment is made in a storage that is not there yet", async (context) => {
  const storage = new Storage(context);
  await storage.build(GOOD);
  assert.equal(storage.server(), "new");
  assert.deepEqual(storage.names(), ["server"]);
});

test("a new environment takes the place of the one before, which lies aside until then", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  writeFileSync(join(storage.place, "module"), "of old");
  await storage.build(`test -f "$place.before/bin/vizsla" && ! test -f "$place/module" && ${GOOD}`);
  assert.equal(storage.server(), "new");
  assert.deepEqual(storage.names(), ["server"]);
});

test("when pip fails, the environment before is there again", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  await assert.rejects(storage.build(BROKEN), /python' ended with 1$/);
  assert.equal(storage.server(), "old");
  assert.deepEqual(storage.names(), ["server"]);
  assert.ok(!existsSync(join(storage.place, "half")));
  assert.equal(storage.warned, "no network\n");
});

test("when the first environment fails, nothing is left of it", async (context) => {
  const storage = new Storage(context);
  await assert.rejects(storage.build(BROKEN));
  assert.deepEqual(storage.names(), []);
});

test("when Python cannot be run, the environment before is there again", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  const log = { info: () => undefined, warn: () => undefined };
  await assert.rejects(build({ place: storage.place, python: "/no/python", wheel: "" }, new AbortController().signal, log), /ENOENT/);
  assert.equal(storage.server(), "old");
  assert.deepEqual(storage.names(), ["server"]);
});

test("when it is given up, the environment before is there again, and no program writes on into it", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  const built = storage.build(ENDLESS);
  await soon(() => existsSync(join(storage.place, "begun")));
  storage.giveUp();
  await assert.rejects(built, { name: "AbortError" });
  await later(800);
  assert.equal(storage.server(), "old");
  assert.deepEqual(readdirSync(storage.place), ["bin"]);
  assert.deepEqual(storage.names(), ["server"]);
});

test("what is given up before it begins changes nothing", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  storage.giveUp();
  await assert.rejects(storage.build(GOOD), { name: "AbortError" });
  assert.equal(storage.server(), "old");
});

test("after a crash in the middle, the environment before is what counts", async (context) => {
  for (const half of [true, false]) {
    const storage = new Storage(context);
    storage.has("server.before", "old");
    if (half) storage.has("server");
    await assert.rejects(storage.build(BROKEN));
    assert.equal(storage.server(), "old");
    assert.deepEqual(storage.names(), ["server"]);
  }
});

test("after a crash at the very end, the new environment is what counts", async (context) => {
  const storage = new Storage(context);
  storage.has("server.before", "old");
  storage.has("server", "newer");
  await assert.rejects(storage.build(BROKEN));
  assert.equal(storage.server(), "newer");
  assert.deepEqual(storage.names(), ["server"]);
});

test("what a crash left is gone when a new environment is there", async (context) => {
  const storage = new Storage(context);
  storage.has("server.before", "old");
  storage.has("server");
  storage.has("server.half-1");
  await storage.build(GOOD);
  assert.equal(storage.server(), "new");
  assert.deepEqual(storage.names(), ["server"]);
});

test("an environment that is in use, where that is in the way, stays as it is, and the user is told what to do", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  const inUse = (): Promise<never> => Promise.reject(Object.assign(new Error("in use"), { code: "EPERM" }));
  const said = `'${storage.place}' is in use, so nothing was changed; close the other windows of VS Code and try again.`;
  await assert.rejects(storage.build(GOOD, inUse), (error) => error instanceof NotBegun && error.message === said);
  assert.equal(storage.server(), "old");
  assert.deepEqual(storage.names(), ["server"]);
});

test("an environment that is let go of a moment later is replaced", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  let tries = 0;
  await storage.build(GOOD, async (from, to) => {
    if (++tries < 3) throw Object.assign(new Error("busy"), { code: "EBUSY" });
    await rename(from, to);
  });
  assert.equal(storage.server(), "new");
});

test("of two that are begun at once the second one is refused", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  const first = storage.build(`sleep 0.3; ${GOOD}`);
  await soon(() => existsSync(`${storage.place}.before`));
  await assert.rejects(storage.build(GOOD), (error) => error instanceof NotBegun && /is being installed already/.test(error.message));
  await first;
  assert.equal(storage.server(), "new");
  assert.deepEqual(storage.names(), ["server"]);
});

test("a window that was lost while it built is not waited for", async (context) => {
  const storage = new Storage(context);
  storage.has("server.before", "old");
  storage.claimedBy(spawnSync("true").pid);
  await storage.build(GOOD);
  assert.equal(storage.server(), "new");
  assert.deepEqual(storage.names(), ["server"]);
});

test("the environment before a window was lost answers again, whichever window looks first", async (context) => {
  for (const half of [true, false]) {
    const storage = new Storage(context);
    storage.has("server.before", "old");
    if (half) storage.has("server");
    storage.claimedBy(spawnSync("true").pid);
    await Promise.all([recover(storage.place), recover(storage.place)]);
    assert.equal(storage.server(), "old");
    assert.deepEqual(storage.names(), ["server", "server.making"]);
  }
});

test("two windows that recover in turns lose nothing", async (context) => {
  const storage = new Storage(context);
  storage.has("server.before", "old");
  storage.has("server");
  let moves = 0;
  await recover(storage.place, async (from, to) => {
    if (++moves === 1) { // another window has done the whole of it since we looked
      rmSync(storage.place, { recursive: true });
      renameSync(`${storage.place}.before`, storage.place);
    }
    await rename(from, to);
  });
  assert.equal(storage.server(), "old");
  assert.deepEqual(storage.names(), ["server"]);
});

test("nothing is recovered while a window builds, nor where the new environment is whole", async (context) => {
  const building = new Storage(context);
  building.has("server.before", "old");
  building.has("server");
  building.claimedBy(process.pid);
  await recover(building.place);
  assert.deepEqual(building.names(), ["server", "server.before", "server.making"]);
  const whole = new Storage(context);
  whole.has("server.before", "old");
  whole.has("server", "new");
  await recover(whole.place);
  assert.equal(whole.server(), "new");
});

test("a crash while an environment that failed is taken away leaves the one before", async (context) => {
  const storage = new Storage(context);
  storage.has("server", "old");
  const crash: typeof rename = (from, to) => (to === storage.place ? Promise.reject(new Error("killed")) : rename(from, to));
  await assert.rejects(storage.build(BROKEN, crash), /killed/);
  await recover(storage.place);
  assert.equal(storage.server(), "old");
});
