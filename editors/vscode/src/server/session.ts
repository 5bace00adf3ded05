/** The one server of this window: found, started, restarted when another one is to be used, and asked. */
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type ConfigurationItem,
  type Executable,
  LanguageClient,
  type LanguageClientOptions,
  ProgressType,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import * as protocol from "../protocol.ts";
import { chosenSettings, type Declared, NEEDS_RESTART } from "../settings.ts";
import type { ServerState } from "../status/text.ts";
import { crashes } from "./crashes.ts";
import type { Found, Launch } from "./lookup.ts";
import { offerOf, problemOf } from "./offer.ts";

/** How indexing that takes long is shown; the client's own way is a second line in the status bar. */
export type ShowProgress = NonNullable<LanguageClientOptions["middleware"]>["handleWorkDoneProgress"];

export class Session implements vscode.Disposable {
  readonly #log: vscode.LogOutputChannel;
  readonly #find: () => Promise<Found>;
  readonly #declared: Readonly<Record<string, Declared>>;
  readonly #changed = new vscode.EventEmitter<ServerState>();
  readonly #subscriptions: vscode.Disposable[] = [this.#changed];
  #state: ServerState = { kind: "noFolder" };
  #client: LanguageClient | undefined;
  #launch: Launch | undefined;
  #turn: Promise<void> = Promise.resolve();
  #questions = 0;

  /** Called with each progress of indexing; set before `start`. */
  showProgress: ShowProgress | undefined;

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
      if ((vscode.workspace.workspaceFolders ?? []).length === 0) {
        await this.#stop();
        return this.#become({ kind: "noFolder" });
      }
      if (this.#client === undefined) this.#become({ kind: "looking" });
      const found = await this.#find();
      if ("problem" in found) {
        await this.#stop();
        this.#log.warn(found.problem);
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
  async search(
    query: string,
    token: vscode.CancellationToken,
    options: { session?: string; onPartial?: (result: protocol.SearchResult) => void } = {},
  ): Promise<protocol.SearchResult> {
    const client = this.#serving();
    const { session, onPartial } = options;
    const params: { -readonly [K in keyof protocol.SearchParams]: protocol.SearchParams[K] } = { query };
    if (session !== undefined) params.session = session;
    if (onPartial === undefined) return client.sendRequest(protocol.SEARCH, params, token);
    params.partialResultToken = `vizsla-answer-${++this.#questions}`;
    const listening = client.onProgress(new ProgressType<protocol.SearchResult>(), params.partialResultToken, onPartial);
    try {
      return await client.sendRequest<protocol.SearchResult>(protocol.SEARCH, params, token);
    } finally {
      listening.dispose();
    }
  }

  /** Functions like the one at a place. */
  similar(uri: vscode.Uri, position: vscode.Position, token: vscode.CancellationToken): Promise<protocol.SearchResult> {
    const client = this.#serving();
    const params: protocol.SimilarParams = {
      textDocument: { uri: client.code2ProtocolConverter.asUri(uri) },
      position: client.code2ProtocolConverter.asPosition(position),
    };
    return client.sendRequest(protocol.SIMILAR, params, token);
  }

  /** The truth about every folder; `files` names each one that is left out. */
  status(files = false): Promise<protocol.ServerStatus> {
    return this.#serving().sendRequest(protocol.STATUS, { files });
  }

  /** The user went to a hit of a question. The server notes it where `vizsla.feedback.enabled` is on, and only there. */
  opened(query: string, { location }: protocol.SearchHit): void {
    const offer = offerOf(this.#client?.initializeResult?.capabilities.experimental);
    if (offer?.notifications?.includes(protocol.OPENED) !== true) return; // a server of before
    void this.#client?.sendNotification(protocol.OPENED, { query, location }).catch((error: unknown) => this.#log.debug(String(error)));
  }

  /** Tell the server to do something: `vizsla.pause`, `vizsla.resume` or `vizsla.rebuild`, for all folders. */
  command(name: string): Promise<void> {
    return this.#serving().sendRequest("workspace/executeCommand", { command: name, arguments: [] });
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
    for (const subscription of this.#subscriptions) subscription.dispose();
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
        throw new Error("The server of Vizsla is starting; ask again in a moment.");
    }
  }

  async #start(launch: Launch): Promise<void> {
    this.#launch = launch;
    this.#become({ kind: "starting" });
    this.#log.info(`${launch.command} ${launch.args.join(" ")} (${launch.origin})`);
    const level = vscode.workspace.getConfiguration("vizsla").get("server.logLevel", "warning");
    const executable: Executable = {
      command: launch.command,
      args: [...launch.args, "--log-level", level],
      transport: TransportKind.stdio,
      // Not the workspace, which is where clients begin otherwise: no program is to be taken from there by accident.
      options: { cwd: homedir() },
    };
    const client: LanguageClient = new LanguageClient("vizsla", "Vizsla", executable, this.#options(() => client));
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

  #options(client: () => LanguageClient): LanguageClientOptions {
    return {
      documentSelector: [{ scheme: "file" }],
      outputChannel: this.#log,
      initializationOptions: { schema: protocol.SCHEMA, statusNotifications: true },
      initializationFailedHandler: () => false,
      errorHandler: crashes(client, () => {
        const problem = "The server of Vizsla ended several times in three minutes and is left alone; see its log.";
        this.#become({ kind: "stopped", problem });
      }),
      middleware: {
        workspace: {
          // The server registers for changes and asks for the section after each.
          configuration: (params, token, next) => {
            if (params.items.every(isOurs)) return params.items.map(() => this.#settings());
            return next(params, token);
          },
        },
        ...(this.showProgress === undefined ? {} : { handleWorkDoneProgress: this.showProgress }),
      },
    };
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
    if (state === State.Starting) this.#become({ kind: "starting" });
    if (state === State.Running) void this.refresh();
    if (state === State.Stopped && this.#state.kind !== "stopped") {
      this.#become({ kind: "stopped", problem: "The server of Vizsla ended; it is being started again." });
    }
  }

  /** Ask how things stand, and say so. */
  async refresh(): Promise<void> {
    const client = this.#client;
    try {
      const { roots, refusedSettings } = await this.status();
      for (const sentence of refusedSettings) this.#log.warn(sentence);
      if (this.#client === client) this.#become({ kind: "serving", roots });
    } catch (error) {
      this.#log.debug(String(error)); // it ended meanwhile, which is shown
    }
  }

  #changes(roots: readonly protocol.RootActivity[]): void {
    const known = this.#state.kind === "serving" ? this.#state.roots : [];
    // What the notification does not say, such as the number of functions, is as it was.
    this.#become({ kind: "serving", roots: roots.map((root) => ({ ...known.find(({ uri }) => uri === root.uri), ...root })) });
    if (roots.some((root) => root.activity !== known.find(({ uri }) => uri === root.uri)?.activity)) void this.refresh();
  }

  async #stop(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    this.#launch = undefined;
    if (client !== undefined) await ended(client);
  }

  #become(state: ServerState): void {
    this.#state = state;
    this.#changed.fire(state);
    void vscode.commands.executeCommand("setContext", "vizsla.isServing", state.kind === "serving");
  }

  /** One start or stop after the other. */
  #inTurn(step: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(step);
    this.#turn = result.catch((error: unknown) => this.#log.error(String(error)));
    return this.#turn;
  }
}

function isOurs(item: ConfigurationItem): boolean {
  return item.section === "vizsla";
}

async function ended(client: LanguageClient): Promise<void> {
  try {
    await client.dispose(2000);
  } catch {
    // It never ran, or is gone already: it is ended, which is all that was wanted.
  }
}
