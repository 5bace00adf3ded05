/** The client of one server: what it is started with, told of settings, and whose messages are shown how. */
import { homedir } from "node:os";
import * as vscode from "vscode";
import {
  type ConfigurationItem,
  type Executable,
  LanguageClient,
  type LanguageClientOptions,
  ShowMessageNotification,
  type ShowMessageParams,
  TransportKind,
} from "vscode-languageclient/node";
import * as protocol from "../protocol.ts";
import { crashes } from "./crashes.ts";
import type { Launch } from "./lookup.ts";

/** How work that takes long is shown; the client's own way is a second line in the status bar. */
export type ShowProgress = NonNullable<NonNullable<LanguageClientOptions["middleware"]>["handleWorkDoneProgress"]>;

/** What a client needs of the extension. */
export interface ClientParts {
  readonly log: vscode.LogOutputChannel;
  readonly showProgress: ShowProgress | undefined;
  /** The section of settings that the server is told. */
  readonly settings: () => Record<string, Record<string, unknown>>;
  /** The server has something to say to the user. */
  readonly onSaid: (said: ShowMessageParams) => void;
  /** The server ended so often that it is not started again. */
  readonly onLeftAlone: () => void;
}

/** A client that is not started yet. */
export function newClient(launch: Launch, { log, showProgress, settings, onSaid, onLeftAlone }: ClientParts): LanguageClient {
  const executable: Executable = {
    command: launch.command,
    args: [...launch.args, "serve", "--log-level", launch.logLevel],
    transport: TransportKind.stdio,
    // Not the workspace, which is where clients begin otherwise: no program is to be taken from there by accident.
    options: { cwd: homedir() },
  };
  const options: LanguageClientOptions = {
    documentSelector: [{ scheme: "file" }],
    outputChannel: log,
    initializationOptions: { schema: protocol.SCHEMA, statusNotifications: true },
    initializationFailedHandler: () => false,
    errorHandler: crashes(() => client, onLeftAlone),
    middleware: {
      workspace: {
        // The server registers for changes and asks for the section after each.
        configuration: (params, token, next) => {
          if (params.items.every(isOurs)) return params.items.map(settings);
          return next(params, token);
        },
      },
      ...(showProgress === undefined ? {} : { handleWorkDoneProgress: showProgress }),
    },
  };
  const client: LanguageClient = new LanguageClient("vizsla", "Vizsla", executable, options);
  client.onNotification(ShowMessageNotification.type, onSaid); // in place of the client's own
  return client;
}

/** End a client and its server, whatever state they are in. */
export async function ended(client: LanguageClient): Promise<void> {
  try {
    await client.dispose(2000);
  } catch {
    // It never ran, or is gone already: it is ended, which is all that was wanted.
  }
}

/** Whether an error says that the connection was lost, and nothing of what was asked. */
export function isLost(error: unknown): boolean {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "number" && code >= -32099 && code <= -32096; // those of vscode-jsonrpc
}

function isOurs(item: ConfigurationItem): boolean {
  return item.section === "vizsla";
}
