/** The one server of this window: found, started, restarted when another one is to be used, and asked. */
import { sep } from "node:path";
import * as vscode from "vscode";
import * as protocol from "../protocol.ts";
import { sentenceOf } from "../sentence.ts";
import { chosenSettings, type Declared, NEEDS_RESTART } from "../settings.ts";
import type { ServerState } from "../status/text.ts";
import { type Connection, isLost, type ShowProgress } from "./connection.ts";
import type { Found, Launch } from "./lookup.ts";
import { offerOf, problemOf, withoutCommand } from "./offer.ts";
import { Standing } from "./standing.ts";
import { nextEvent } from "./waiting.ts";

/** A question outlives so many servers that end under it. */
const MOST_TRIES = 3;

/** Called with what comes from the server unasked. */
export interface Heard {
  /** Each progress of the server's work. */
  readonly showProgress: ShowProgress;
  /** What the server has to say to the user. */
  readonly onSaid: (said: protocol.Said) => void;
}

/** An answer to a question, the last one or one before it. */
export interface Answer {
  readonly result: protocol.SearchResult;
  readonly isLast: boolean;
}

export class Session implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #find: () => Promise<Found>;
  readonly #declared: Readonly<Record<string, Declared>>;
  readonly #standing: Standing;
  readonly #answered = new vscode.EventEmitter<Answer>();
  readonly #subscriptions: vscode.Disposable[] = [];
  #connection: Connection | undefined;
  #launch: Launch | undefined;
  #turn: Promise<void> = Promise.resolve();
  #isOver = false;
  /** The folder into which a server is being installed. */
  #installing: string | undefined;

  /** Fired with every answer to a question. */
  readonly onDidAnswer = this.#answered.event;

  /** Set before `follow`. */
  heard: Heard | undefined;

  /**
   * @param find - says which server is to be used now
   * @param declared - the manifest's settings
   */
  constructor(log: vscode.LogOutputChannel, find: () => Promise<Found>, declared: Readonly<Record<string, Declared>>) {
    this.#log = log;
    this.#find = find;
    this.#declared = declared;
    this.#standing = new Standing(log, async () => {
      const connection = this.#connection;
      const status = await this.status();
      return this.#connection === connection ? status : undefined;
    });
    this.#subscriptions.push(
      this.#standing,
      this.#answered,
      vscode.workspace.onDidChangeConfiguration((event) => {
        // Whether the server takes what it is told of this is known a moment later.
        if (event.affectsConfiguration("vizsla") && this.state.kind === "serving") this.#standing.refreshSoon();
        if (NEEDS_RESTART.some((name) => event.affectsConfiguration(name))) void this.follow();
      }),
      vscode.workspace.onDidGrantWorkspaceTrust(() => void this.follow()),
      vscode.workspace.onDidChangeWorkspaceFolders(() => void this.follow()),
    );
  }

  get state(): ServerState {
    return this.#standing.state;
  }

  /** Fired with every new state. */
  get onDidChangeState(): vscode.Event<ServerState> {
    return this.#standing.onDidChange;
  }

  /** The server that was chosen, undefined while there is none. */
  get launch(): Launch | undefined {
    return this.#launch;
  }

  get version(): string | undefined {
    return this.#connection?.introduction?.serverInfo?.version;
  }

  /** Use the server that is to be used now; one that is in use already goes on. */
  follow(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#isOver) return undefined;
      if (!(vscode.workspace.workspaceFolders ?? []).some(({ uri }) => uri.scheme === "file")) {
        await this.#stop();
        return this.#standing.become({ kind: "noFolder" });
      }
      if (this.#connection === undefined && this.state.kind !== "missing" && this.state.kind !== "installing") this.#standing.become({ kind: "looking" });
      const found = await this.#find();
      if (this.#installing !== undefined && ("problem" in found || found.launch.command.startsWith(this.#installing + sep))) {
        await this.#stop();
        return this.#standing.become({ kind: "installing" });
      }
      if ("problem" in found) {
        await this.#stop();
        if (this.state.kind !== "missing") this.#log.warn(found.problem);
        return this.#standing.become({ kind: "missing", problem: found.problem });
      }
      if (this.#connection !== undefined && JSON.stringify(found.launch) === JSON.stringify(this.#launch)) return undefined;
      await this.#stop();
      return this.#start(found.launch);
    });
  }

  /** Start the server again, whether it runs or not. */
  async restart(): Promise<void> {
    await this.#inTurn(() => this.#stop());
    await this.follow();
  }

  /** Use no server of a folder while `install` puts one there; one of another place goes on. Then use what there is. */
  async whileInstalled(folder: string, install: () => Promise<void>): Promise<void> {
    this.#installing = folder;
    await this.follow();
    await install();
    this.#installing = undefined;
    await this.follow();
  }

  /** Ask a question; each answer before the last goes to `onPartial`. A newer question of `session` gives it up. */
  async search(
    query: string,
    token: vscode.CancellationToken,
    { session, onPartial }: { session?: string; onPartial?: (result: protocol.SearchResult) => void } = {},
  ): Promise<protocol.SearchResult> {
    const params: protocol.SearchParams = session === undefined ? { query } : { query, session };
    const onPart = (result: protocol.SearchResult): void => {
      this.#answered.fire({ result, isLast: false });
      onPartial?.(result);
    };
    const result = await this.#asked(token, (connection) =>
      onPartial === undefined
        ? connection.ask<protocol.SearchResult>(protocol.SEARCH, params, token)
        : connection.askInParts(protocol.SEARCH, params, token, onPart),
    );
    this.#answered.fire({ result, isLast: true });
    return result;
  }

  /** Functions like the one at a place. */
  similar(uri: vscode.Uri, { line, character }: vscode.Position, token: vscode.CancellationToken): Promise<protocol.SearchResult> {
    const params: protocol.SimilarParams = { textDocument: { uri: uri.toString() }, position: { line, character } };
    return this.#asked(token, (connection) => connection.ask(protocol.SIMILAR, params, token));
  }

  /** The truth about every folder; `files` names each one that is left out. */
  async status(files = false): Promise<protocol.ServerStatus> {
    return this.#serving().ask(protocol.STATUS, { files });
  }

  /** The user went to a hit of a question. The server notes it where `vizsla.feedback.enabled` is on, and only there. */
  opened(query: string, { location }: protocol.SearchHit): void {
    if (this.#offer()?.notifications?.includes(protocol.OPENED) !== true) return; // a server of before
    this.#connection?.tell(protocol.OPENED, { query, location });
  }

  /** Tell the server to do something, by one of its own commands. */
  async command(name: string, ...args: readonly unknown[]): Promise<void> {
    const connection = this.#serving();
    const problem = withoutCommand(name, this.#offer(), this.version);
    if (problem !== undefined) throw new Error(problem);
    await connection.ask("workspace/executeCommand", { command: name, arguments: args });
  }

  /** Give up what a progress stands for. */
  cancelProgress(token: string | number): void {
    this.#connection?.tell("window/workDoneProgress/cancel", { token });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.dispose();
    await this.#inTurn(() => this.#stop());
  }

  dispose(): void {
    this.#isOver = true;
    for (const subscription of this.#subscriptions) subscription.dispose();
  }

  /** Ask when there is a server to ask, and once more when it ends under the question. */
  async #asked<T>(token: vscode.CancellationToken, ask: (connection: Connection) => Promise<T>): Promise<T> {
    if (this.state.kind === "missing") await this.follow(); // it may have been installed since
    for (let tries = 1; ; tries++) {
      while (this.state.kind === "looking" || this.state.kind === "starting") await nextEvent(this.onDidChangeState, token);
      const connection = this.#serving();
      try {
        return await ask(connection);
      } catch (error) {
        if (!isLost(error) || tries >= MOST_TRIES || token.isCancellationRequested) throw error;
        // That the server is gone may be known a moment after its questions are.
        if (this.state.kind === "serving") await nextEvent(this.onDidChangeState, token, 1000);
      }
    }
  }

  #serving(): Connection {
    if (this.#connection !== undefined && this.state.kind !== "stopped") return this.#connection;
    switch (this.state.kind) {
      case "noFolder":
        throw new Error("Open a folder first: Vizsla searches the folders of the workspace.");
      case "installing":
        throw new Error("The server of Vizsla is being installed; ask again when that has ended.");
      case "missing":
      case "stopped":
        throw new Error(this.state.problem);
      default:
        throw new Error("The server of Vizsla is starting; try again in a moment.");
    }
  }

  #offer(): protocol.Offer | undefined {
    return offerOf(this.#connection?.introduction?.capabilities.experimental);
  }

  async #start(launch: Launch): Promise<void> {
    this.#launch = launch;
    this.#standing.become({ kind: "starting" });
    this.#log.info(`${launch.command} ${launch.args.join(" ")} (${launch.origin})`);
    let connection: Connection | undefined;
    try {
      connection = await this.#connect(launch);
      this.#connection = connection;
      await connection.start();
      const problem = problemOf(launch.command, connection.introduction ?? { capabilities: {} });
      if (problem !== undefined) throw new Error(problem);
    } catch (error) {
      this.#connection = undefined;
      await connection?.end();
      this.#standing.become({ kind: "stopped", problem: `The server '${launch.command}' could not be started: ${sentenceOf(error)}` });
    }
  }

  async #connect(launch: Launch): Promise<Connection> {
    const { connect } = await import("#client");
    const isMine = (): boolean => this.#connection === connection;
    const connection = connect(launch, {
      log: this.#log,
      showProgress: (token, params, next) => this.heard?.showProgress(token, params, next),
      settings: () => this.#settings(),
      onChange: (now) => isMine() && this.#changesTo(now),
      onStatus: (roots) => isMine() && this.#standing.hear(roots),
      onSaid: (said) => {
        if (isMine()) this.#standing.refreshSoon(); // such as a setting that is refused, which the state names too
        this.heard?.onSaid(said);
      },
      onLeftAlone: () => {
        const problem = "The server of Vizsla ended several times in three minutes and is left alone; see its log.";
        if (isMine()) this.#standing.become({ kind: "stopped", problem });
      },
    });
    return connection;
  }

  #settings(): Record<string, Record<string, unknown>> {
    const configuration = vscode.workspace.getConfiguration("vizsla");
    return chosenSettings(this.#declared, {
      get: (name) => configuration.get(name),
      inspect: (name) => configuration.inspect(name),
    });
  }

  #changesTo(now: "running" | "starting" | "failed"): void {
    if (now === "running") void this.#standing.refresh();
    else if (this.state.kind === "stopped") return; // it was left alone, which has been said
    else if (now === "starting") this.#standing.become({ kind: "starting" });
    else this.#standing.become({ kind: "stopped", problem: "The server of Vizsla could not be started again; see its log." });
  }

  async #stop(): Promise<void> {
    const connection = this.#connection;
    this.#connection = undefined;
    this.#launch = undefined;
    if (connection === undefined) return;
    this.#standing.become({ kind: "looking" });
    await connection.end();
  }

  /** One start or stop after the other. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    this.#turn = this.#turn.then(step).catch((error: unknown) => {
      this.#log.error(String(error));
      const problem = `No server could be looked for: ${sentenceOf(error)}`;
      if (this.#connection === undefined) this.#standing.become({ kind: "stopped", problem });
    });
    return this.#turn;
  }
}
