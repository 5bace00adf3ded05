/** A server that was started, as the session sees it. What is behind it is loaded with the first server, not with the extension. */
import type * as vscode from "vscode";
import type { LanguageClientOptions } from "vscode-languageclient/node";
import type { RootActivity, Said } from "../protocol.ts";

/** How work that takes long is shown; the client library's own way is a second line in the status bar. */
export type ShowProgress = NonNullable<NonNullable<LanguageClientOptions["middleware"]>["handleWorkDoneProgress"]>;

/** What a connection tells, and what it is told of settings. */
export interface Listener {
  readonly log: vscode.LogOutputChannel;
  readonly showProgress: ShowProgress;
  /** The section of settings that the server is told. */
  readonly settings: () => Record<string, Record<string, unknown>>;
  /** A server runs, another one is being started in its place, or that failed. */
  readonly onChange: (now: "running" | "starting" | "failed") => void;
  /** How the folders stand has changed. */
  readonly onStatus: (roots: readonly RootActivity[]) => void;
  /** The server has something to say to the user. */
  readonly onSaid: (said: Said) => void;
  /** The server ended so often that it is not started again. */
  readonly onLeftAlone: () => void;
}

/** What a server said to `initialize`. */
export interface Introduction {
  readonly capabilities: { readonly experimental?: unknown };
  readonly serverInfo?: { readonly name: string; readonly version?: string } | undefined;
}

/** The server of one program, which may be several processes, one after the other. */
export interface Connection {
  /** Undefined until it runs. */
  readonly introduction: Introduction | undefined;
  /**
   * Start the program, and wait until it has introduced itself.
   *
   * @throws Error when it does not
   */
  start(): Promise<void>;
  /** The answer to a request; `token` gives it up. */
  ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T>;
  /** Likewise, when answers may come before the last one: they go to `onPartial`. */
  askInParts<T>(method: string, params: object, token: vscode.CancellationToken, onPartial: (part: T) => void): Promise<T>;
  /** Say something that has no answer. What is said to a server that has gone is lost. */
  tell(method: string, params: object): void;
  /** End the server, whatever state it is in. */
  end(): Promise<void>;
}

/** The codes of vscode-jsonrpc: what was asked is rejected, cannot be written, or meets a line that is closed or disposed. */
const LOST = new Set([-32099, -32098, -32097, -32096, 1, 2]);

/** Whether an error says that the connection was lost, and nothing of what was asked. */
export function isLost(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" && LOST.has(code);
}
