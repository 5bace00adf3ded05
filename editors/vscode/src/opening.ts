/** Going to a hit: for good, to the side, or as a preview that leaves no trace. */
import * as vscode from "vscode";
import type { SearchHit } from "./protocol.ts";

/** Where a hit stands, for the editor. */
export function placeOf(hit: SearchHit): { uri: vscode.Uri; range: vscode.Range } {
  const { start, end } = hit.location.range;
  return {
    uri: vscode.Uri.parse(hit.location.uri),
    range: new vscode.Range(start.line, start.character, end.line, end.character),
  };
}

/** The name of a hit's workspace folder, where there are several. */
export function folderOf(hit: SearchHit): string | undefined {
  if ((vscode.workspace.workspaceFolders ?? []).length < 2) return undefined;
  return vscode.workspace.getWorkspaceFolder(vscode.Uri.parse(hit.location.uri))?.name;
}

/** Open a hit, with the cursor at its beginning. Says so when its file is gone, and returns whether it is there. */
export async function openHit(hit: SearchHit, column: vscode.ViewColumn = vscode.ViewColumn.Active): Promise<boolean> {
  const { uri, range } = placeOf(hit);
  try {
    const selection = new vscode.Range(range.start, range.start);
    const editor = await vscode.window.showTextDocument(uri, { viewColumn: column, selection });
    editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
    return true;
  } catch {
    void vscode.window.showWarningMessage(`'${hit.path}' cannot be opened; it may have been moved or deleted since.`);
    return false;
  }
}

/** Shows hits behind a picker, unless the user wants none, and goes back to where one was. */
export class Preview implements vscode.Disposable {
  readonly #origin = vscode.window.activeTextEditor;
  readonly #selection = this.#origin?.selection;
  readonly #visible = this.#origin?.visibleRanges[0];
  readonly #column = this.#origin?.viewColumn;
  readonly #isWanted = vscode.workspace.getConfiguration("vizsla").get("picker.preview", true);
  readonly #wasPreview = vscode.window.tabGroups.activeTabGroup.activeTab?.isPreview === true;
  readonly #openBefore = new Set(openFiles().map(({ uri }) => uri));
  readonly #mark = vscode.window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new vscode.ThemeColor("editor.rangeHighlightBackground"),
  });
  #shown: Promise<void> = Promise.resolve();
  #newest: SearchHit | undefined;
  #isOver = false;

  /** Show one. Of several in quick succession only the newest is shown. */
  show(hit: SearchHit): void {
    if (!this.#isWanted) return;
    this.#newest = hit;
    this.#shown = this.#shown.then(async () => {
      if (this.#isOver || this.#newest !== hit) return;
      const { uri, range } = placeOf(hit);
      try {
        const options = { preview: true, preserveFocus: true, viewColumn: this.#column ?? vscode.ViewColumn.Active };
        const editor = await vscode.window.showTextDocument(uri, options);
        if (this.#isOver) return;
        editor.revealRange(range, vscode.TextEditorRevealType.InCenterIfOutsideViewport);
        editor.setDecorations(this.#mark, [range]);
      } catch {
        // A file that vanished is said so when it is chosen, not while one moves past it.
      }
    });
  }

  /** Go back to where one was when the preview began, and close what it opened. */
  async restore(): Promise<void> {
    this.#isOver = true;
    await this.#shown;
    if (this.#newest === undefined) return;
    if (this.#origin !== undefined && !this.#origin.document.isClosed) {
      // The focus went back by itself, perhaps on to something that was opened since.
      const options: vscode.TextDocumentShowOptions = { preview: this.#wasPreview, preserveFocus: true };
      if (this.#column !== undefined) options.viewColumn = this.#column;
      if (this.#selection !== undefined) options.selection = this.#selection;
      try {
        const editor = await vscode.window.showTextDocument(this.#origin.document, options);
        if (this.#visible !== undefined) editor.revealRange(this.#visible, vscode.TextEditorRevealType.AtTop);
      } catch {
        // Where one was is not there any more.
      }
    }
    const ours = openFiles().filter(({ uri, tab }) => tab.isPreview && !tab.isDirty && !this.#openBefore.has(uri));
    await vscode.window.tabGroups.close(ours.map(({ tab }) => tab), true);
  }

  /** Show nothing more; where one is, one stays, unless `restore` is called. */
  async keep(): Promise<void> {
    this.#isOver = true;
    await this.#shown;
  }

  dispose(): void {
    this.#isOver = true;
    this.#mark.dispose();
  }
}

function openFiles(): { uri: string; tab: vscode.Tab }[] {
  return vscode.window.tabGroups.all
    .flatMap(({ tabs }) => tabs)
    .flatMap((tab) => (tab.input instanceof vscode.TabInputText ? [{ uri: tab.input.uri.toString(), tab }] : []));
}
