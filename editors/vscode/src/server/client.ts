/** The connection to a server through the client library. The library is large, so this is a bundle of its own. */
import { homedir } from "node:os";
import type * as vscode from "vscode";
import {
  type ConfigurationItem,
  type Executable,
  LanguageClient,
  type LanguageClientOptions,
  MessageType,
  ProgressType,
  ShowMessageNotification,
  State,
  TransportKind,
} from "vscode-languageclient/node";
import { type RootActivity, type Said, SCHEMA, STATUS_CHANGED } from "../protocol.ts";
import type { Connection, Introduction, Listener } from "./connection.ts";
import { crashes } from "./crashes.ts";
import type { Launch } from "./lookup.ts";

/** A program that says nothing for so long is no server; one on a machine that is very busy may take its time. */
const MOST_STARTING_SECONDS = 60;
const ENDING_MILLISECONDS = 2000;

/** A connection that is not started yet. */
export function connect(launch: Launch, listener: Listener): Connection {
  return new ClientConnection(launch, listener);
}

class ClientConnection implements Connection {
  readonly #client: LanguageClient;
  readonly #log: vscode.LogOutputChannel;
  #parts = 0;
  #isOver = false;
  #startingTimer: NodeJS.Timeout | undefined;
  #onLate: ((error: Error) => void) | undefined;

  constructor(launch: Launch, listener: Listener) {
    this.#log = listener.log;
    const handler = crashes(() => this.#client, () => this.#isOver, listener.onLeftAlone);
    this.#client = new LanguageClient("vizsla", "Vizsla", executable(launch), { ...options(listener), errorHandler: handler });
    this.#client.onNotification(ShowMessageNotification.type, ({ type, message }) => {
      listener.onSaid({ severity: severityOf(type), message }); // in place of the library's own way
    });
    this.#client.onNotification(STATUS_CHANGED, ({ roots }: { roots: readonly RootActivity[] }) => listener.onStatus(roots));
    this.#client.onDidChangeState(({ newState }) => {
      clearTimeout(this.#startingTimer);
      if (this.#isOver) return;
      listener.onChange(newState === State.Running ? "running" : newState === State.StartFailed ? "failed" : "starting");
      // Also for a server that is started in place of one that ended, for which nobody calls `start`.
      if (newState === State.Starting) this.#startingTimer = setTimeout(() => this.#giveUp(listener), MOST_STARTING_SECONDS * 1000);
    });
  }

  get introduction(): Introduction | undefined {
    return this.#client.initializeResult;
  }

  async start(): Promise<void> {
    const late = new Promise<never>((_, fail) => (this.#onLate = fail));
    await Promise.race([this.#client.start(), late]);
  }

  ask<T>(method: string, params: object, token?: vscode.CancellationToken): Promise<T> {
    // Not `undefined` for a token: the library would take it for a second parameter.
    return token === undefined ? this.#client.sendRequest<T>(method, params) : this.#client.sendRequest<T>(method, params, token);
  }

  async askInParts<T>(method: string, params: object, token: vscode.CancellationToken, onPartial: (part: T) => void): Promise<T> {
    const partialResultToken = `vizsla-answer-${++this.#parts}`;
    const listening = this.#client.onProgress(new ProgressType<T>(), partialResultToken, onPartial);
    try {
      return await this.ask(method, { ...params, partialResultToken }, token);
    } finally {
      listening.dispose();
    }
  }

  tell(method: string, params: object): void {
    this.#client.sendNotification(method, params).catch((error: unknown) => this.#log.debug(String(error)));
  }

  async end(): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#startingTimer);
    try {
      await this.#client.dispose(ENDING_MILLISECONDS);
    } catch {
      // It never ran, or is gone already, or is killed by the library: it is ended, which is all that was wanted.
    }
  }

  /** A server says nothing: one that was never there, or one in place of another. */
  #giveUp(listener: Listener): void {
    const problem = `it said nothing for ${MOST_STARTING_SECONDS} seconds.`;
    this.#log.error(`The server is ended: ${problem}`);
    this.#onLate?.(new Error(problem));
    listener.onChange("failed");
    void this.end();
  }
}

function executable(launch: Launch): Executable {
  return {
    command: launch.command,
    args: [...launch.args, "serve", "--log-level", launch.logLevel],
    transport: TransportKind.stdio,
    // Not the workspace, which is where clients begin otherwise: no program is to be taken from there by accident.
    options: { cwd: homedir() },
  };
}

function options({ log, showProgress, settings }: Listener): LanguageClientOptions {
  return {
    documentSelector: [{ scheme: "file" }],
    outputChannel: log,
    initializationOptions: { schema: SCHEMA, statusNotifications: true },
    initializationFailedHandler: () => false,
    middleware: {
      workspace: {
        // The server registers for changes and asks for the section after each.
        configuration: (params, token, next) => (params.items.every(isOurs) ? params.items.map(settings) : next(params, token)),
      },
      handleWorkDoneProgress: showProgress,
    },
  };
}

function isOurs(item: ConfigurationItem): boolean {
  return item.section === "vizsla";
}

function severityOf(type: MessageType): Said["severity"] {
  if (type === MessageType.Error) return "error";
  return type === MessageType.Warning ? "warning" : "information";
}
