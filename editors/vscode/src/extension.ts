/** Wires the extension: every part is made here, and every disposable belongs to the context. */
import * as vscode from "vscode";
import { chooseModels } from "./models/choose.ts";
import type { Said, SearchResult, ServerStatus } from "./protocol.ts";
import { telling } from "./problems.ts";
import { Results } from "./results/view.ts";
import { openPicker } from "./search/picker.ts";
import { recover } from "./server/building.ts";
import { createEnvironment, giveUpInstalling } from "./server/environment.ts";
import { type Found, findServer, type Launch } from "./server/lookup.ts";
import { type Answer, Session } from "./server/session.ts";
import { isProgram, lookAround, privateEnvironment } from "./server/surroundings.ts";
import type { Declared } from "./settings.ts";
import { showSimilar, SimilarAction, SimilarLens } from "./similar/similar.ts";
import { showSkippedFiles, statusItem, statusMenu } from "./status/item.ts";
import { WorkProgress } from "./status/progress.ts";
import type { ServerState } from "./status/text.ts";
import { showReport, showSaid } from "./training/report.ts";
import { train } from "./training/train.ts";

/** What other extensions, and the tests, may use. */
export interface VizslaApi {
  readonly state: ServerState;
  readonly launch: Launch | undefined;
  readonly onDidChangeState: vscode.Event<ServerState>;
  readonly onDidAnswer: vscode.Event<Answer>;
  search(query: string, token: vscode.CancellationToken, onPartial?: (result: SearchResult) => void): Promise<SearchResult>;
  similar(uri: vscode.Uri, position: vscode.Position, token: vscode.CancellationToken): Promise<SearchResult>;
  status(files?: boolean): Promise<ServerStatus>;
}

let ending: (() => Promise<void>) | undefined;

export function activate(context: vscode.ExtensionContext): VizslaApi {
  const log = vscode.window.createOutputChannel("Vizsla", { log: true });
  const declared = declaredSettings(context.extension.packageJSON);
  const session = new Session(log, () => find(context, log), declared);
  const progress = new WorkProgress(session);
  session.heard = { showProgress: progress.show, onSaid: telling((said: Said) => showSaid(session, said)) };
  const keeper = context.workspaceState;
  const results = new Results(session, keeper);
  const lens = new SimilarLens();
  const everywhere = { scheme: "file" };
  context.subscriptions.push(
    log,
    session,
    progress,
    results,
    lens,
    statusItem(session),
    vscode.window.createTreeView("vizsla.results", { treeDataProvider: results, showCollapseAll: true }),
    vscode.languages.registerCodeActionsProvider(everywhere, new SimilarAction()),
    vscode.languages.registerCodeLensProvider(everywhere, lens),
    session.onDidChangeState(telling(offerOnce(context))),
    ...commands({
      "vizsla.find": (question?: unknown) =>
        openPicker(session, results, keeper, typeof question === "string" ? question : selectedText()),
      "vizsla.findSimilar": (uri?: vscode.Uri, position?: vscode.Position) => showSimilar(session, results, uri, position),
      "vizsla.showStatus": () => statusMenu(session),
      "vizsla.pauseIndexing": () => session.command("vizsla.pause"),
      "vizsla.resumeIndexing": () => session.command("vizsla.resume"),
      "vizsla.rebuildIndex": () => session.command("vizsla.rebuild"),
      "vizsla.showSkippedFiles": () => showSkippedFiles(session),
      "vizsla.chooseModels": (name?: unknown) => chooseModels(session, typeof name === "string" ? name : undefined),
      "vizsla.trainHere": (recipe?: unknown) => train(session, typeof recipe === "string" ? recipe : undefined),
      "vizsla.stopTrainingHere": () => session.command("vizsla.stopTraining"),
      "vizsla.showTrainingReport": () => showReport(session),
      "vizsla.showLog": () => log.show(),
      "vizsla.restartServer": () => session.restart(),
      "vizsla.openWalkthrough": () => vscode.commands.executeCommand("workbench.action.openWalkthrough", `${context.extension.id}#start`),
      "vizsla.openSettings": () => vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id}`),
      "vizsla.createEnvironment": () => createEnvironment(context, log, session),
      ...results.commands(),
    }),
  );
  ending = async () => {
    await Promise.all([session[Symbol.asyncDispose](), giveUpInstalling()]);
  };
  void session.follow(); // not awaited: the editor need not wait for the server
  return {
    get state() {
      return session.state;
    },
    get launch() {
      return session.launch;
    },
    onDidChangeState: session.onDidChangeState,
    onDidAnswer: session.onDidAnswer,
    search: (query, token, onPartial) => session.search(query, token, onPartial === undefined ? {} : { onPartial }),
    similar: (uri, position, token) => session.similar(uri, position, token),
    status: (files) => session.status(files),
  };
}

export async function deactivate(): Promise<void> {
  await ending?.();
}

/** The server that is to be used now. */
async function find(context: vscode.ExtensionContext, log: vscode.LogOutputChannel): Promise<Found> {
  await recover(privateEnvironment(context)).catch((error: unknown) => log.warn(String(error)));
  return findServer(lookAround(context), isProgram);
}

/** Commands whose errors are sentences for the user. */
// VS Code passes whatever the caller gave.
function commands(handlers: Readonly<Record<string, (...args: any[]) => unknown>>): vscode.Disposable[] {
  return Object.entries(handlers).map(([name, handle]) => vscode.commands.registerCommand(name, telling(handle)));
}

/** The first time that there is no server: say so, and offer what can be done. */
function offerOnce(context: vscode.ExtensionContext): (state: ServerState) => Promise<void> {
  let isSaid = false;
  return async (state) => {
    if (state.kind === "serving") isSaid = false;
    if (state.kind !== "missing" || isSaid) return;
    isSaid = true;
    const create = "Create";
    const settings = "Settings";
    const chosen = await vscode.window.showWarningMessage(state.problem, create, settings);
    if (chosen === create) await vscode.commands.executeCommand("vizsla.createEnvironment");
    if (chosen === settings) await vscode.commands.executeCommand("workbench.action.openSettings", `@ext:${context.extension.id} server`);
  };
}

/** A selection on one line is likely what is to be asked. */
function selectedText(): string {
  const editor = vscode.window.activeTextEditor;
  if (editor === undefined || editor.selection.isEmpty || !editor.selection.isSingleLine) return "";
  return editor.document.getText(editor.selection);
}

interface Manifest {
  readonly contributes: { readonly configuration: readonly { readonly properties: Readonly<Record<string, Declared>> }[] };
}

function declaredSettings(manifest: Manifest): Record<string, Declared> {
  return Object.assign({}, ...manifest.contributes.configuration.map(({ properties }) => properties));
}
