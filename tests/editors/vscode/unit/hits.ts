/** Hits and answers for the tests. */
import type { SearchHit, SearchResult } from "../../../../editors/vscode/src/protocol.ts";

export function hit(name: string, more: Partial<SearchHit> = {}): SearchHit {
  const range = { start: { line: 4, character: 0 }, end: { line: 9, character: 1 } };
  return {
    location: { uri: `file:///shop/${name}.py`, range },
    path: `${name}.py`,
    name,
    qualifiedName: name,
    container: "",
    kind: "function",
    language: "python",
    signature: `def ${name}()`,
    doc: "",
    score: 0.5,
    isStale: false,
    copies: [],
    ...more,
  };
}

export function answer(...names: string[]): SearchResult {
  const hits = names.map((name) => hit(name));
  return { schema: 1, hits, isPartial: false, isReranked: false, isSemantic: true, notes: [], milliseconds: {} };
}
