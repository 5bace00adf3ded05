/** What a notification of a changed status means for what was known before. */
import type { RootActivity } from "../protocol.ts";
import type { Serving, ServerState } from "./text.ts";

/** The new state, and what it leaves open: "now" when much may have changed, "soon" when something does again and again. */
export interface News {
  readonly state: Serving;
  readonly ask: "now" | "soon" | "no";
}

const NOTHING: Omit<Serving, "kind"> = { roots: [], preparing: null, training: null, refusedSettings: [] };

/** Take a notification in. What it does not say, such as the number of functions, is as it was. */
export function news(before: ServerState, roots: readonly RootActivity[]): News {
  const { roots: known, preparing, training, refusedSettings } = before.kind === "serving" ? before : NOTHING;
  const pairs = roots.map((root) => {
    const old = known.find(({ uri }) => uri === root.uri);
    return { old, root: { ...old, ...root } };
  });
  const state: Serving = { kind: "serving", roots: pairs.map(({ root }) => root), preparing, training, refusedSettings };
  if (pairs.some(({ old, root }) => old?.activity !== root.activity)) return { state, ask: "now" };
  // When no folder changed, something that it says nothing of did: models, or a training.
  const isOfOthers = pairs.every(({ old, root }) => JSON.stringify(old) === JSON.stringify(root));
  return { state, ask: isOfOthers || preparing !== null || training !== null ? "soon" : "no" };
}
