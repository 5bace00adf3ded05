/** The state of the server and of its indexes in a few words, for the status bar. */
import type { Preparing, RootActivity, RootStatus, Training } from "../protocol.ts";

/** What is going on, as far as the extension knows. */
export type ServerState =
  | { readonly kind: "noFolder" }
  | { readonly kind: "looking" }
  | { readonly kind: "installing" }
  | { readonly kind: "missing"; readonly problem: string }
  | { readonly kind: "starting" }
  | { readonly kind: "stopped"; readonly problem: string }
  | Serving;

/** A server that answers. */
export interface Serving {
  readonly kind: "serving";
  readonly roots: readonly (RootActivity | RootStatus)[];
  readonly preparing: Preparing | null;
  readonly training: Training | null;
  /** One sentence for each setting that the server does not take. */
  readonly refusedSettings: readonly string[];
}

/** What the item shows. */
export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
  readonly isWarning: boolean;
}

const WORDS: Readonly<Record<string, string>> = {
  starting: "starting",
  scanning: "listing files",
  parsing: "reading files",
  embedding: "indexing",
  paused: "paused",
  cancelled: "stopped until something changes",
  reading: "ready (another window keeps the index)",
  ready: "ready",
  failed: "failed",
};
const BUSY = new Set(["starting", "scanning", "parsing", "embedding"]);

/** Numbers as people read them. */
export function count(number: number): string {
  return number.toLocaleString("en-US");
}

/** Whether a folder is being indexed. */
export function isBusy({ roots }: Serving): boolean {
  return roots.some(({ activity }) => BUSY.has(activity));
}

/** Text and tooltip of the status-bar item. */
export function statusText(state: ServerState, version: string | undefined): StatusText {
  switch (state.kind) {
    case "noFolder":
      return { text: "$(search) Vizsla", tooltip: "Open a folder to search it.", isWarning: false };
    case "looking":
    case "starting":
      return { text: "$(sync~spin) Vizsla: starting", tooltip: "The server is starting.", isWarning: false };
    case "installing":
      return { text: "$(sync~spin) Vizsla: installing", tooltip: "The server is being installed.", isWarning: false };
    case "missing":
      return { text: "$(warning) Vizsla: no server", tooltip: state.problem, isWarning: true };
    case "stopped":
      return { text: "$(error) Vizsla: stopped", tooltip: state.problem, isWarning: true };
    case "serving":
      return servingText(state, version);
  }
}

function servingText({ roots, preparing, training, refusedSettings }: Serving, version: string | undefined): StatusText {
  const lines = roots.map((root) => `${folderName(root.uri)}: ${phrase(root)}`);
  const troubles = roots.flatMap(troublesOf);
  if (preparing !== null) lines.push(`${preparingPhrase(preparing)}; the models in use answer meanwhile`);
  if (training !== null) lines.push(trainingPhrase(training));
  const unwatched = roots.flatMap((root) => ("watcherProblem" in root && root.watcherProblem !== "" ? [root.watcherProblem] : []));
  const tooltip = [`Vizsla ${version ?? ""}`.trim(), ...lines, ...troubles, ...unwatched, ...refusedSettings].join("\n");
  const failed = roots.find((root) => root.activity === "failed");
  if (failed !== undefined) return { text: "$(error) Vizsla: failed", tooltip, isWarning: true };
  const busy = roots.filter((root) => BUSY.has(root.activity));
  if (busy.length > 0) {
    const [done, total] = busy.reduce(([a, b], root) => [a + root.done, b + root.total], [0, 0]);
    const words = WORDS[busy[0]?.activity ?? ""] ?? "busy";
    return { text: `$(sync~spin) Vizsla: ${words}${share({ done, total })}`, tooltip, isWarning: false };
  }
  if (preparing !== null) return { text: `$(sync~spin) Vizsla: changing models${share(preparing)}`, tooltip, isWarning: false };
  if (training !== null) return { text: `$(mortar-board) Vizsla: ${trainingPhrase(training)}`, tooltip, isWarning: false };
  if (roots.some((root) => root.activity === "paused" || root.activity === "cancelled")) {
    return { text: "$(debug-pause) Vizsla: paused", tooltip, isWarning: false };
  }
  if (troubles.length > 0) return { text: "$(info) Vizsla: degraded", tooltip, isWarning: false };
  if (refusedSettings.length > 0) return { text: "$(info) Vizsla: setting refused", tooltip, isWarning: false };
  return { text: "$(search) Vizsla", tooltip, isWarning: false };
}

/** One folder's activity in words. */
export function phrase(root: RootActivity | RootStatus): string {
  const words = WORDS[root.activity] ?? root.activity;
  const numbers = BUSY.has(root.activity) && root.total > 0 ? ` ${count(root.done)} of ${count(root.total)}` : "";
  const index = "index" in root && root.index !== null ? `, ${count(root.index.functions)} functions in ${count(root.index.files)} files` : "";
  return `${words}${numbers}${index}`;
}

function preparingPhrase(preparing: Preparing): string {
  const by = preparing.waits ? ", by another window" : "";
  return `changing to model ${preparing.model}${share(preparing)}${by}`;
}

function trainingPhrase({ activity, stage, done, total }: Training): string {
  if (activity === "paused") return "training, paused while you search";
  if (activity === "stopping") return "training, stopping";
  return stage === "" ? "training" : `training ${stage}${share({ done, total })}`;
}

function share({ done, total }: { readonly done: number; readonly total: number }): string {
  return total > 0 ? ` ${count(Math.min(done, total))}/${count(total)}` : "";
}

function troublesOf(root: RootActivity | RootStatus): string[] {
  const index = "index" in root ? root.index : null;
  return [root.problem, ...(index?.degraded ?? [])].filter((sentence) => sentence !== "");
}

/** Name of the folder of a URI, for people. */
export function folderName(uri: string): string {
  const last = uri.replace(/\/+$/, "").split("/").pop() ?? uri;
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/** The files that are left out, of all folders, as a page to read. */
export function skippedPage(roots: readonly RootStatus[]): string {
  const lines: string[] = ["# Files that Vizsla leaves out", ""];
  for (const root of roots) {
    lines.push(`## ${folderName(root.uri)}`, "");
    const skipped = Object.entries(root.index?.skippedFiles ?? {});
    const failed = Object.entries(root.index?.failedFiles ?? {}).map(([path, why]) => [path, `not parsed: ${why}`] as const);
    const all = [...failed, ...skipped].sort(([a], [b]) => (a < b ? -1 : 1));
    if (all.length === 0) lines.push("None.");
    for (const [path, why] of all) lines.push(`- ${path}: ${why}`);
    lines.push("");
  }
  return lines.join("\n");
}
