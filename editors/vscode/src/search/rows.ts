/** Hits as rows of the picker: what stands in each, and where each goes when a better order comes. */
import type { SearchHit } from "../protocol.ts";

const BAR_CELLS = 5;

/** Icon of each kind of unit, by VS Code's names of symbols. */
const ICONS: Readonly<Record<string, string>> = {
  function: "symbol-function",
  method: "symbol-method",
  constructor: "symbol-constructor",
  class: "symbol-class",
  struct: "symbol-struct",
  interface: "symbol-interface",
  trait: "symbol-interface",
  enum: "symbol-enum",
  module: "symbol-module",
  window: "symbol-string",
};

/** The texts of one row. */
export interface Row {
  readonly label: string;
  readonly description: string;
  readonly detail: string;
}

/** The row of one hit. */
export function rowOf(hit: SearchHit, folderName: string | undefined): Row {
  const place = `${folderName === undefined ? "" : `${folderName}/`}${hit.path}:${hit.location.range.start.line + 1}`;
  const parts = [bar(hit.score), hit.container, place];
  if (hit.copies.length > 0) parts.push(`+${hit.copies.length} ${hit.copies.length === 1 ? "copy" : "copies"}`);
  if (hit.isStale) parts.push("changed since");
  return {
    label: `$(${iconOf(hit.kind)}) ${plain(hit.name)}`,
    description: parts.filter((part) => part !== "").map(plain).join("  "),
    detail: plain(hit.doc === "" ? hit.signature : hit.doc),
  };
}

/** Name of the icon of a kind. */
export function iconOf(kind: string): string {
  return ICONS[kind] ?? "symbol-misc";
}

/** A score in [0, 1] as a bar. */
export function bar(score: number): string {
  const full = Math.round(Math.min(1, Math.max(0, score)) * BAR_CELLS);
  return "▰".repeat(full) + "▱".repeat(BAR_CELLS - full);
}

/** What tells two hits apart, the same in every answer to one question. */
export function identity(hit: SearchHit): string {
  return `${hit.location.uri}#${hit.qualifiedName}#${hit.location.range.start.line}`;
}

/**
 * The hits of a newer answer in the order in which they are shown. The first row is nobody's choice; a row that was moved
 * to is the user's, and stays where it is: the others take their new order around it.
 *
 * @param highlighted - row of the older answer that is highlighted, from 0
 */
export function keepInPlace(older: readonly SearchHit[], newer: readonly SearchHit[], highlighted: number): SearchHit[] {
  const chosen = older[highlighted];
  if (highlighted <= 0 || chosen === undefined) return [...newer];
  const name = identity(chosen);
  const known = newer.find((hit) => identity(hit) === name);
  const others = newer.filter((hit) => identity(hit) !== name);
  others.splice(highlighted, 0, known ?? chosen);
  return others;
}

/** Whether two lists of rows look the same, so that drawing one in the place of the other would only flicker. */
export function areSame(older: readonly Row[], newer: readonly Row[]): boolean {
  const texts = (rows: readonly Row[]): string[] => rows.flatMap(({ label, description, detail }) => [label, description, detail]);
  return JSON.stringify(texts(older)) === JSON.stringify(texts(newer));
}

/** A text of the workspace, which is not to become an icon. */
function plain(text: string): string {
  return text.replaceAll("$(", "$\u200b(");
}
