/** Where a server may be found, in which order, and what to say when there is none. It touches no file itself. */
import { posix, win32 } from "node:path";

/** A program that may be started: its own arguments come after `args`. */
export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  /** What the server says in its log. */
  readonly logLevel: string;
  /** Where it was found, for people. */
  readonly origin: string;
}

/** All that decides which server is started. */
export interface Surroundings {
  readonly platform: string;
  /** The user's home, for `~/` at the beginning of a setting. */
  readonly home: string;
  /** `vizsla.server.path`, perhaps empty. */
  readonly path: string;
  /** `vizsla.server.python`, perhaps empty. */
  readonly python: string;
  /** `vizsla.server.logLevel`. */
  readonly logLevel: string;
  /** Whether programs of the workspace may be run. */
  readonly isTrusted: boolean;
  /** Workspace folders, as paths of the disk. */
  readonly folders: readonly string[];
  /** The interpreter that the Python extension has active, if there is that extension. Asking may take seconds. */
  readonly activePython: () => Promise<string | undefined>;
  /** The environment variable PATH. */
  readonly searchPath: string;
  /** The folder of the extension's private environment, whether it is there or not. */
  readonly privateEnvironment: string;
}

/** The outcome: a server, or one sentence for the user. */
export type Found = { readonly launch: Launch } | { readonly problem: string };

/** Ask whether a program is there and may be run. */
export type Probe = (path: string) => Promise<boolean>;

const NO_SERVER =
  "Vizsla has no server yet: create a private environment for it, or run 'pip install .' in a copy of Vizsla and name " +
  "the program 'vizsla' in vizsla.server.path.";

/** The first server there is. A setting that names one that is not there is an error, not a reason to take another. */
export async function findServer(around: Surroundings, isProgram: Probe): Promise<Found> {
  const { logLevel } = around;
  if (around.path !== "") {
    const command = expanded(around.path, around);
    if (!isAbsolute(command, around)) {
      return { problem: `vizsla.server.path must be a full path, got '${around.path}'.` };
    }
    if (await isProgram(command)) return { launch: { command, args: [], logLevel, origin: "vizsla.server.path" } };
    return { problem: `vizsla.server.path names '${command}', which is no program that can be run; correct it.` };
  }
  if (around.python !== "") {
    const command = expanded(around.python, around);
    if (isAbsolute(command, around) && (await isProgram(command))) {
      return { launch: { command, args: ["-P", "-m", "vizsla.cli"], logLevel, origin: "vizsla.server.python" } };
    }
    return { problem: `vizsla.server.python names '${command}', which is no program that can be run; correct it.` };
  }
  for await (const { command, origin } of candidates(around)) {
    if (await isProgram(command)) return { launch: { command, args: [], logLevel, origin } };
  }
  return { problem: NO_SERVER };
}

/** Where `vizsla` may be, in the order of preference. Programs of a folder that is not trusted are not among them. */
export async function* candidates(around: Surroundings): AsyncGenerator<{ command: string; origin: string }> {
  const { join, dirname } = pathsOf(around);
  if (around.isTrusted) {
    for (const folder of around.folders) {
      for (const environment of [".venv", "venv"]) {
        yield { command: programIn(join(folder, environment), around), origin: `${environment} of the workspace` };
      }
    }
    const python = await around.activePython();
    if (python !== undefined && isAbsolute(python, around)) {
      yield { command: join(dirname(python), programName(around)), origin: "interpreter of the Python extension" };
    }
  }
  for (const folder of around.searchPath.split(pathsOf(around).delimiter)) {
    // A relative entry would mean the folder that happens to be current, perhaps one that is not trusted.
    if (isAbsolute(folder, around) && !(isOfWorkspace(folder, around) && !around.isTrusted)) {
      yield { command: join(folder, programName(around)), origin: "PATH" };
    }
  }
  yield { command: programIn(around.privateEnvironment, around), origin: "private environment of the extension" };
}

/** The folder of an environment's programs. */
export function programFolder(environment: string, platform: string): string {
  return platform === "win32" ? win32.join(environment, "Scripts") : posix.join(environment, "bin");
}

function isOfWorkspace(folder: string, around: Surroundings): boolean {
  const { relative } = pathsOf(around);
  return around.folders.some((root) => {
    const way = relative(root, folder);
    return !way.startsWith("..") && !isAbsolute(way, around);
  });
}

function programIn(environment: string, around: Surroundings): string {
  return pathsOf(around).join(programFolder(environment, around.platform), programName(around));
}

function programName(around: Surroundings): string {
  return around.platform === "win32" ? "vizsla.exe" : "vizsla";
}

function expanded(path: string, around: Surroundings): string {
  return /^~[/\\]/.test(path) ? pathsOf(around).join(around.home, path.slice(2)) : path;
}

function isAbsolute(path: string, around: Surroundings): boolean {
  return pathsOf(around).isAbsolute(path);
}

function pathsOf(around: Surroundings): typeof posix {
  return around.platform === "win32" ? win32 : posix;
}
