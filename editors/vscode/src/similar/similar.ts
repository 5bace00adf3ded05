/** Functions like the one at the cursor: a command, an entry of the light bulb, a line above functions. */
import * as vscode from "vscode";
import { folderOf, openHit, Preview } from "../opening.ts";
import { telling } from "../problems.ts";
import type { SearchHit } from "../protocol.ts";
import type { Results } from "../results/view.ts";
import { rowOf } from "../search/rows.ts";
import { sentenceOf } from "../sentence.ts";
import type { Session } from "../server/session.ts";

const COMMAND = "vizsla.findSimilar";
const TITLE = "Find similar functions";
const WITH_LENS = new Set([vscode.SymbolKind.Function, vscode.SymbolKind.Method, vscode.SymbolKind.Constructor]);

/** Show what is like the function at a place; the cursor's when none is given. */
export async function showSimilar(session: Session, results: Results, uri?: vscode.Uri, position?: vscode.Position): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const where = uri ?? editor?.document.uri;
  // From the context menu comes the file alone.
  const at = position instanceof vscode.Position ? position : editor?.selection.active;
  if (where === undefined || at === undefined) {
    void vscode.window.showInformationMessage("Put the cursor into a function first.");
    return;
  }
  const place = `${vscode.workspace.asRelativePath(where)}:${at.line + 1}`;
  const preview = new Preview();
  const pick = vscode.window.createQuickPick<vscode.QuickPickItem & { readonly hit?: SearchHit }>();
  const cancelling = new vscode.CancellationTokenSource();
  let isChosen = false;
  let isHidden = false;
  pick.title = TITLE;
  pick.placeholder = "Type to narrow by name";
  pick.busy = true;
  pick.onDidChangeActive(([item]) => item?.hit !== undefined && preview.show(item.hit));
  pick.onDidAccept(
    telling(async () => {
      const hit = pick.selectedItems[0]?.hit;
      if (hit === undefined) return;
      isChosen = true;
      await preview.keep();
      pick.hide();
      if (!(await openHit(hit))) await preview.restore();
    }),
  );
  pick.onDidHide(
    telling(async () => {
      isHidden = true;
      cancelling.cancel();
      cancelling.dispose();
      if (!isChosen) await preview.restore();
      preview.dispose();
      pick.dispose();
    }),
  );
  pick.show();
  try {
    const { hits, notes } = await session.similar(where, at, cancelling.token);
    if (isHidden) return;
    pick.items = hits.length > 0 ? hits.map((hit) => ({ ...rowOf(hit, folderOf(hit)), hit })) : [{ label: "$(info) Nothing is like it." }];
    const like = { uri: where.toString(), line: at.line, character: at.character };
    results.add({ text: `Like ${place}`, hits, notes, isPinned: false, like });
  } catch (error) {
    if (!isHidden) pick.items = [{ label: `$(info) ${sentenceOf(error)}`, alwaysShow: true }];
  } finally {
    if (!isHidden) pick.busy = false;
  }
}

/** The entry of the light bulb. */
export class SimilarAction implements vscode.CodeActionProvider {
  provideCodeActions(
    document: vscode.TextDocument,
    range: vscode.Range,
    context: vscode.CodeActionContext,
  ): vscode.CodeAction[] {
    // Only when it is asked for: else there would be a light bulb on every line.
    if (context.triggerKind !== vscode.CodeActionTriggerKind.Invoke) return [];
    const action = new vscode.CodeAction(TITLE, vscode.CodeActionKind.Empty);
    action.command = { command: COMMAND, title: TITLE, arguments: [document.uri, range.start] };
    return [action];
  }
}

/** The line above each function, where it is switched on. */
export class SimilarLens implements vscode.CodeLensProvider, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.#changed.event;
  readonly #subscription = vscode.workspace.onDidChangeConfiguration((event) => {
    if (event.affectsConfiguration("vizsla.codeLens")) this.#changed.fire();
  });

  async provideCodeLenses(document: vscode.TextDocument): Promise<vscode.CodeLens[]> {
    if (!vscode.workspace.getConfiguration("vizsla", document).get("codeLens.enabled", false)) return [];
    type Symbols = vscode.DocumentSymbol[] | undefined;
    const symbols = await vscode.commands.executeCommand<Symbols>("vscode.executeDocumentSymbolProvider", document.uri);
    return (symbols ?? []).flatMap(flat).filter(({ kind }) => WITH_LENS.has(kind)).map(({ selectionRange }) => {
      const command = { command: COMMAND, title: "similar functions", arguments: [document.uri, selectionRange.start] };
      return new vscode.CodeLens(selectionRange, command);
    });
  }

  dispose(): void {
    this.#changed.dispose();
    this.#subscription.dispose();
  }
}

function flat(symbol: vscode.DocumentSymbol): vscode.DocumentSymbol[] {
  return [symbol, ...(symbol.children ?? []).flatMap(flat)];
}
