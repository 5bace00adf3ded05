/** Names and shapes of Vizsla's own messages, as docs/lsp.md has them. */
import type { Location, Position } from "vscode-languageclient/node";

/** The schema of the messages that this extension was written for. */
export const SCHEMA = 1;

export const SEARCH = "vizsla/search";
export const SIMILAR = "vizsla/similar";
export const STATUS = "vizsla/status";
export const OPENED = "vizsla/opened";
export const STATUS_CHANGED = "vizsla/statusChanged";

export interface SearchParams {
  readonly query: string;
  readonly session?: string;
}

export interface SimilarParams {
  readonly textDocument: { readonly uri: string };
  readonly position: Position;
}

export interface SearchHit {
  readonly location: Location;
  readonly path: string;
  readonly name: string;
  readonly qualifiedName: string;
  readonly container: string;
  readonly kind: string;
  readonly language: string;
  readonly signature: string;
  readonly doc: string;
  /** In [0, 1]; means the same for every question. */
  readonly score: number;
  /** Its text changed since it was indexed; the range is right. */
  readonly isStale: boolean;
  readonly copies: readonly { readonly uri: string; readonly path: string; readonly line: number }[];
}

export interface SearchResult {
  readonly schema: number;
  /** Best first. */
  readonly hits: readonly SearchHit[];
  readonly isPartial: boolean;
  readonly isReranked: boolean;
  readonly isSemantic: boolean;
  /** What the user should know, one sentence each. */
  readonly notes: readonly string[];
  readonly milliseconds: Readonly<Record<string, number>>;
}

export type Activity =
  | "starting"
  | "scanning"
  | "parsing"
  | "embedding"
  | "ready"
  | "paused"
  | "cancelled"
  | "reading"
  | "failed";

/** What a notification of a changed status says of one workspace folder. */
export interface RootActivity {
  readonly uri: string;
  readonly activity: Activity;
  readonly done: number;
  readonly total: number;
  readonly problem: string;
}

export interface IndexStatus {
  readonly files: number;
  readonly functions: number;
  readonly pending: number;
  readonly skipped: Readonly<Record<string, number>>;
  readonly failed: number;
  readonly skippedFiles?: Readonly<Record<string, string>>;
  readonly failedFiles?: Readonly<Record<string, string>>;
  readonly reconciledAt: number | null;
  readonly model: string | null;
  readonly hasReranker: boolean;
  readonly device: string;
  readonly degraded: readonly string[];
}

export interface RootStatus extends RootActivity {
  readonly watcherProblem: string;
  readonly index: IndexStatus | null;
}

/** Models that are to take over while others answer. */
export interface Preparing {
  readonly model: string;
  readonly done: number;
  readonly total: number;
  /** Whether another process embeds for them. */
  readonly waits: boolean;
}

/** A training that goes on; `total` is 0 when nobody knows. */
export interface Training {
  readonly activity: string;
  readonly stage: string;
  readonly done: number;
  readonly total: number;
}

/** How a training ended: `report` is the path of its page, perhaps empty. */
export interface TrainingEnd {
  readonly isOffered: boolean;
  readonly sentence: string;
  readonly report: string;
}

export interface ServerStatus {
  readonly schema: number;
  readonly version: string;
  readonly processId: number;
  readonly refusedSettings: readonly string[];
  readonly preparing?: Preparing | null;
  readonly training?: Training | null;
  readonly lastTraining?: TrainingEnd | null;
  readonly roots: readonly RootStatus[];
}

/** Something that the server says to the user. */
export interface Said {
  readonly severity: "error" | "warning" | "information";
  readonly message: string;
}

/** What a server says of itself in `capabilities.experimental.vizsla`. */
export interface Offer {
  readonly schema: number;
  readonly requests: readonly string[];
  readonly notifications?: readonly string[];
  readonly commands?: readonly string[];
}
