/** The one server of this window: found, started, restarted when another one is to be used, and asked. */
import * as vscode from "vscode";
import { type LanguageClient, ProgressType, type ShowMessageParams, State } from "vscode-languageclient/node";
import * as protocol from "../protocol.ts";
import { chosenSettings, type Declared, NEEDS_RESTART } from "../settings.ts";
import { news } from "../status/news.ts";
import type { ServerState } from "../status/text.ts";
import { ended, isLost, newClient, type ShowProgress } from "./client.ts";
import type { Found, Launch } from "./lookup.ts";
import { offerOf, problemOf, withoutCommand } from "./offer.ts";
import { nextEvent } from "./waiting.ts";

/** What changes many times a second is asked for this often at most. */
const REFRESH_MILLISECONDS = 500;
/** A question outlives so many servers that end under it. */
const MOST_TRIES = 3;

export class Session implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #find: () => Promise<Found>;
  readonly #declared: Readonly<Record<string, Declared>>;
  readonly #changed = new vscode.EventEmitter<ServerState>();
  readonly #subscriptions: vscode.Disposable[] = [this.#changed];
  #state: ServerState = { kind: "looking" };
  #client: LanguageClient | undefined;
  #launch: Launch | undefined;
  #turn: Promise<void> = Promise.resolve();
  #questions = 0;
  #refreshing: NodeJS.Timeout | undefined;

  /** Called with each progress of the server's work; set before `follow`. */
  showProgress: ShowProgress | undefined;
  /** Called with what the server has to say to the user; set before `follow`. */
  onSaid: (said: ShowMessageParams) => void = () => undefined;

  /** Fired with every new state. */
  readonly onDidChangeState = this.#changed.event;

  /**
   * @param find - says which server is to be used now
   * @param declared - the manifest's settings
   */
  constructor(log: vscode.LogOutputChannel, find: () => Promise<Found>, declared: Readonly<Record<string, Declared>>) {
    this.#log = log;
    this.#find = find;
    this.#declared = declared;
    this.#subscriptions.push(
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (NEEDS_RESTART.some((name) => event.affectsConfiguration(name))) void this.follow();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.follow()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.follow()),
    );
  }

  get state(): ServerState {
    return this.#state;
  }

  /** The server that was chosen, undefined while there is none. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  get version(): string | undefined {
    return this.#client?.initializeResult?.serverInfo?.version;
  }

  /** Use the server that is to be used now; one that is in use already goes on. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (!(vscode.workspace.workspaceFolders ?? []).some(({ uri }) => uri.scheme === "file")) {
        await this.#stop();
        return this.#become({ kind: "noFolder" });
      }
      if (this.#client === undefined && this.#state.kind !== "missing") this.#become({ kind: "looking" });
      const found = await this.#find();
      if ("problem" in found) {
        await this.#stop();
        if (this.#state.kind !== "missing") this.#log.warn(found.problem);
        return this.#become({ kind: "missing", problem: found.problem });
      }
      if (this.#client !== undefined && JSON.stringify(found.launch) === JSON.stringify(this.#launch)) return undefined;
      await this.#stop();
      return this.#start(found.launch);
    });
  }

  /** Start the server again, whether it runs or not. */
  async restart(): Promise<void> {
    await this.#inTurn(() => this.#stop());
    await this.follow();
  }

  /** Ask a question; each answer before the last goes to `onPartial`. A newer question of `session` gives it up. */
  search(
    query: string,
    token: vscode.CancellationToken,
    options: { session?: string; onPartial?: (result: protocol.SearchResult) => void } = {},
  ): Promise<protocol.SearchResult> {
    const { session, onPartial } = options;
    const params: { -readonly [K in keyof protocol.SearchParams]: protocol.SearchParams[K] } = { query };
    if (session !== undefined) params.session = session;
    return this.#asked(token, async (client) => {
      if (onPartial === undefined) return client.sendRequest(protocol.SEARCH, params, token);
      params.partialResultToken = `vizsla-answer-${++this.#questions}`;
      const listening = client.onProgress(new ProgressType<protocol.SearchResult>(), params.partialResultToken, onPartial);
      try {
        return await client.sendRequest<protocol.SearchResult>(protocol.SEARCH, params, token);
      } finally {
        listening.dispose();
      }
    });
  }

  /** Functions like the one at a place. */
  similar(uri: vscode.Uri, position: vscode.Position, token: vscode.CancellationToken): Promise<protocol.SearchResult> {
    return this.#asked(token, (client) => {
      const params: protocol.SimilarParams = {
        textDocument: { uri: client.code2ProtocolConverter.asUri(uri) },
        position: client.code2ProtocolConverter.asPosition(position),
      };
      return client.sendRequest(protocol.SIMILAR, params, token);
    });
  }

  /** The truth about every folder; `files` names each one that is left out. */
  async status(files = false): Promise<protocol.ServerStatus> {
    return this.#serving().sendRequest(protocol.STATUS, { files });
  }

  /** The user went to a hit of a question. The server notes it where `vizsla.feedback.enabled` is on, and only there. */
  opened(query: string, { location }: protocol.SearchHit): void {
    if (this.#offer()?.notifications?.includes(protocol.OPENED) !== true) return; // a server of before
    void this.#client?.sendNotification(protocol.OPENED, { query, location }).catch((error: unknown) => this.#log.debug(String(error)));
  }

  /** Tell the server to do something, by one of its own commands. */
  async command(name: string, ...args: readonly unknown[]): Promise<void> {
    const client = this.#serving();
    const problem = withoutCommand(name, this.#offer(), this.version);
    if (problem !== undefined) throw new Error(problem);
    await client.sendRequest("workspace/executeCommand", { command: name, arguments: args });
  }

  /** Give up what a progress stands for. */
  cancelProgress(token: string | number): void {
    void this.#client?.sendNotification("window/workDoneProgress/cancel", { token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    await this.#inTurn(() => this.#stop());
  }

  dispose(): void {
    clearTimeout(this.#refreshing);
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Ask when there is a server to ask, and once more when it ends under the question. */
  async #asked<T>(token: vscode.CancellationToken, ask: (client: LanguageClient) => Promise<T>): Promise<T> {
    if (this.#state.kind === "missing") await this.follow(); // it may have been installed since
    for (let tries = 1; ; tries++) {
      while (this.#state.kind === "looking" || this.#state.kind === "starting") await nextEvent(this.#changed.event, token);
      const client = this.#serving();
      try {
        return await ask(client);
      } catch (error) {
        if (!isLost(error) || tries >= MOST_TRIES || token.isCancellationRequested) throw error;
        // That the server is gone may be known a moment after its questions are.
        if (this.#state.kind === "serving") await nextEvent(this.#changed.event, token, 1000);
      }
    }
  }

  #serving(): LanguageClient {
    if (this.#client !== undefined && this.#state.kind !== "stopped") return this.#client;
    switch (this.#state.kind) {
      case "noFolder":
        throw new Error("Open a folder first: Vizsla searches the folders of the workspace.");
      case "missing":
      case "stopped":
        throw new Error(this.#state.problem);
      default:
        throw new Error("The server of Vizsla is starting; try again in a moment.");
    }
  }

  #offer(): protocol.Offer | undefined {
    return offerOf(this.#client?.initializeResult?.capabilities.experimental);
  }

  async #start(launch: Launch): Promise<void> {
    this.#launch = launch;
    this.#become({ kind: "starting" });
    this.#log.info(`${launch.command} ${launch.args.join(" ")} (${launch.origin})`);
    const client = newClient(launch, {
      log: this.#log,
      showProgress: this.showProgress,
      settings: () => this.#settings(),
      onSaid: (said) => this.onSaid(said),
      onLeftAlone: () => {
        const problem = "The server of Vizsla ended several times in three minutes and is left alone; see its log.";
        this.#become({ kind: "stopped", problem });
      },
    });
    this.#client = client;
    client.onDidChangeState(({ newState }) => this.#follows(client, newState));
    client.onNotification(protocol.STATUS_CHANGED, ({ roots }: { roots: readonly protocol.RootActivity[] }) => {
      if (this.#client === client) this.#changes(roots);
    });
    try {
      await client.start();
      const problem = problemOf(launch.command, client.initializeResult ?? { capabilities: {} });
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      this.#client = undefined;
      await ended(client);
      this.#become({ kind: "stopped", problem: `The server '${launch.command}' could not be started: ${why}` });
    }
  }

  #settings(): Record<string, Record<string, unknown>> {
    const configuration = vscode.workspace.getConfiguration("vizsla");
    return chosenSettings(this.#declared, {
      get: (name) => configuration.get(name),
      inspect: (name) => configuration.inspect(name),
    });
  }

  #follows(client: LanguageClient, state: State): void {
    if (this.#client !== client) return;
    if (state === State.Running) void this.refresh();
    else if (this.#state.kind === "stopped") return; // it was left alone, which has been said
    else if (state !== State.StartFailed) this.#become({ kind: "starting" });
    else this.#become({ kind: "stopped", problem: "The server of Vizsla could not be started again; see its log." });
  }

  /** Ask how things stand, and say so. */
  async refresh(): Promise<void> {
    const client = this.#client;
    try {
      const { roots, refusedSettings, preparing = null, training = null } = await this.status();
      for (const sentence of refusedSettings) this.#log.warn(sentence);
      if (this.#client === client) this.#become({ kind: "serving", roots, preparing, training });
    } catch (error) {
      this.#log.debug(String(error)); // it ended meanwhile, which is shown
    }
  }

  #changes(roots: readonly protocol.RootActivity[]): void {
    const { state, ask } = news(this.#state, roots);
    this.#become(state);
    if (ask === "now") void this.refresh();
    if (ask === "soon") this.#refreshSoon();
  }

  #refreshSoon(): void {
    this.#refreshing ??= setTimeout(() => {
      this.#refreshing = undefined;
      void this.refresh();
    }, REFRESH_MILLISECONDS);
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#launch = undefined;
    if (client === undefined) return;
    this.#become({ kind: "looking" });
    await ended(client);
  }

  #become(state: ServerState): void {
    const isServing = state.kind === "serving";
    if (isServing !== (this.#state.kind === "serving")) void vscode.commands.executeCommand("setContext", "vizsla.isServing", isServing);
    this.#state = state;
    this.#changed.fire(state);
  }

  /** One start or stop after the other. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(step);
    this.#turn = result.catch((error: unknown) => this.#log.error(String(error)));
    return this.#turn;
  }
}
