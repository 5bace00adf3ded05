/** How the server stands: the one state that everything shows, kept true. */
import * as vscode from "vscode";
import type { RootActivity, ServerStatus } from "../protocol.ts";
import { news } from "../status/news.ts";
import type { ServerState } from "../status/text.ts";

/** What changes many times a second is asked for this often at most. */
const REFRESH_MILLISECONDS = 500;

export class Standing implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #ask: () => Promise<ServerStatus | undefined>;
  readonly #changed = new vscode.EventEmitter<ServerState>();
  #state: ServerState = { kind: "looking" };
  #refused: readonly string[] = [];
  #refreshing: NodeJS.Timeout | undefined;

  /** Fired with every new state. */
  readonly onDidChange = this.#changed.event;

  /** @param ask - asks the server how things stand; undefined when it was given up meanwhile */
  constructor(log: vscode.LogOutputChannel, ask: () => Promise<ServerStatus | undefined>) {
    this.#log = log;
    this.#ask = ask;
  }

  get state(): ServerState {
    return this.#state;
  }

  become(state: ServerState): void {
    const isServing = state.kind === "serving";
    if (isServing !== (this.#state.kind === "serving")) void vscode.commands.executeCommand("setContext", "vizsla.isServing", isServing);
    this.#state = state;
    this.#changed.fire(state);
  }

  /** Ask how things stand, and say so. */
  async refresh(): Promise<void> {
    try {
      const status = await this.#ask();
      if (status === undefined) return;
      const { roots, refusedSettings, preparing = null, training = null } = status;
      for (const sentence of refusedSettings) if (!this.#refused.includes(sentence)) this.#log.warn(sentence);
      this.#refused = refusedSettings;
      this.become({ kind: "serving", roots, preparing, training, refusedSettings });
    } catch (error) {
      this.#log.debug(String(error)); // it ended meanwhile, which is shown
      if (this.#state.kind === "starting") this.refreshSoon(); // or it runs, and nobody would ask again
    }
  }

  /** The server told how its folders stand. */
  hear(roots: readonly RootActivity[]): void {
    const { state, ask } = news(this.#state, roots);
    this.become(state);
    if (ask === "now") void this.refresh();
    if (ask === "soon") this.refreshSoon();
  }

  /** Ask how things stand a moment later, once for all that happens until then. */
  refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      void this.refresh();
    }, REFRESH_MILLISECONDS);
  }

  dispose(): void {
    clearTimeout(this.#refreshing);
    this.#changed.dispose();
  }
}
