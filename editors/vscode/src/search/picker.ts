/** The picker: a question is typed, hits are shown while it is, the highlighted one is previewed. */
import * as vscode from "vscode";
import { folderOf, openHit, Preview } from "../opening.ts";
import { telling } from "../problems.ts";
import type { SearchHit, SearchResult } from "../protocol.ts";
import type { Results } from "../results/view.ts";
import type { Session } from "../server/session.ts";
import { isBusy, type ServerState } from "../status/text.ts";
import { type Ask, Asking } from "./asking.ts";
import { filterChoices, type FilterChoice, isHalfTyped, withFilter } from "./filters.ts";
import { forget, type Keeper, recentQuestions, remember } from "./history.ts";
import { areSame, keepInPlace, type Row, rowOf } from "./rows.ts";

type Item = vscode.QuickPickItem & {
  readonly hit?: SearchHit;
  readonly question?: string;
  readonly filter?: FilterChoice;
};

const TITLE = "Find functions by what they do";
const FILTERS = { iconPath: new vscode.ThemeIcon("filter"), tooltip: "Filters" };
const KEEP_ALL = { iconPath: new vscode.ThemeIcon("open-preview"), tooltip: "Open all in the side bar" };
const ASIDE = { iconPath: new vscode.ThemeIcon("split-horizontal"), tooltip: "Open to the side" };
const FORGET = { iconPath: new vscode.ThemeIcon("close"), tooltip: "Forget this question" };

/** Open the picker, with a question in it or none. It cares for itself from then on. */
export function openPicker(session: Session, results: Results, keeper: Keeper, beginning = ""): void {
  new Picker(session, results, keeper).open(beginning);
}

class Picker {
  readonly #session: Session;
  readonly #results: Results;
  readonly #keeper: Keeper;
  readonly #pick = vscode.window.createQuickPick<Item>();
  readonly #preview = new Preview();
  readonly #asking: Asking;
  readonly #listening: vscode.Disposable;
  #answered = "";
  #hits: readonly SearchHit[] = [];
  #rows: readonly Row[] = [];
  #notes: readonly string[] = [];
  #waitsForIndex = false;
  #isChosen = false;
  #showsFilters = false;

  constructor(session: Session, results: Results, keeper: Keeper) {
    this.#session = session;
    this.#results = results;
    this.#keeper = keeper;
    const delay = () => vscode.workspace.getConfiguration("vizsla").get("picker.delayMilliseconds", 60);
    this.#asking = new Asking(
      asker(session),
      {
        onAnswer: (query, result, isLast) => this.#answer(query, result, isLast),
        onProblem: (_, sentence) => this.#say("$(info)", sentence),
        onBusy: (isBusy) => (this.#pick.busy = isBusy),
      },
      delay,
    );
    this.#listening = session.onDidChangeState((state) => {
      if (!this.#waitsForIndex || state.kind !== "serving" || isBusy(state)) return;
      this.#waitsForIndex = false; // what was asked too early is asked again
      this.#asking.again();
    });
  }

  open(beginning: string): void {
    const pick = this.#pick;
    pick.title = TITLE;
    pick.placeholder = "What does the function do? Such as: where is a failed upload tried again";
    pick.matchOnDescription = false;
    pick.matchOnDetail = false;
    pick.buttons = [FILTERS, KEEP_ALL];
    // Rows keep the server's order. The property is not among the types, and missing it would only sort by name.
    Object.assign(pick, { sortByLabel: false });
    pick.onDidChangeValue((value) => this.#type(value));
    pick.onDidChangeActive(([item]) => this.#highlight(item));
    pick.onDidAccept(telling(() => this.#accept()));
    pick.onDidTriggerButton(telling((button: vscode.QuickInputButton) => this.#press(button)));
    pick.onDidTriggerItemButton(telling(({ item, button }: vscode.QuickPickItemButtonEvent<Item>) => this.#pressOn(item, button)));
    pick.onDidHide(telling(() => this.#close()));
    pick.value = beginning;
    this.#type(beginning);
    pick.show();
  }

  #type(value: string): void {
    this.#showsFilters = false;
    if (value.trim() === "") {
      this.#asking.stop();
      this.#answered = "";
      this.#hits = [];
      this.#pick.title = TITLE;
      this.#pick.items = this.#recent();
    } else if (isHalfTyped(value)) {
      this.#asking.stop();
    } else {
      this.#asking.type(value);
    }
  }

  #answer(query: string, result: SearchResult, isLast: boolean): void {
    if (this.#showsFilters) return;
    const pick = this.#pick;
    const isSame = query === this.#answered;
    const active = pick.activeItems[0];
    const highlighted = isSame && active?.hit !== undefined ? this.#hits.indexOf(active.hit) : 0;
    const hits = keepInPlace(isSame ? this.#hits : [], result.hits, highlighted);
    this.#answered = query;
    this.#notes = result.notes;
    this.#waitsForIndex = isLast && result.isPartial;
    pick.keepScrollPosition = isSame;
    pick.title = titleOf(result, isLast);
    if (hits.length === 0) {
      if (isLast) this.#say("$(info)", nothing(result, this.#session.state), query);
      return;
    }
    const rows = hits.map((hit) => rowOf(hit, folderOf(hit)));
    if (isSame && areSame(this.#rows, rows)) return;
    this.#rows = rows;
    this.#hits = hits;
    pick.items = hits.map((hit) => ({ ...rowOf(hit, folderOf(hit)), hit, alwaysShow: true, buttons: [ASIDE] }));
    const again = pick.items[Math.max(0, highlighted)];
    if (again !== undefined) pick.activeItems = [again];
  }

  #say(icon: string, sentence: string, answered = ""): void {
    this.#hits = [];
    this.#rows = [];
    this.#answered = answered;
    this.#pick.items = [{ label: `${icon} ${sentence}`, alwaysShow: true }];
  }

  #recent(): Item[] {
    const buttons = [FORGET];
    return recentQuestions(this.#keeper).map((question) => ({ label: `$(history) ${question}`, question, alwaysShow: true, buttons }));
  }

  #highlight(item: Item | undefined): void {
    if (item?.hit !== undefined) this.#preview.show(item.hit);
  }

  async #accept(): Promise<void> {
    const item = this.#pick.selectedItems[0] ?? this.#pick.activeItems[0];
    if (item?.hit !== undefined) {
      await this.#choose(item.hit, vscode.ViewColumn.Active);
    } else if (item?.question !== undefined) {
      this.#put(item.question);
    } else if (item?.filter !== undefined) {
      this.#put(withFilter(this.#pick.value, item.filter.text));
    }
  }

  async #press(button: vscode.QuickInputButton): Promise<void> {
    if (button === FILTERS) {
      this.#showFilters();
    } else if (this.#hits.length > 0) {
      const kept = this.#keep();
      this.#pick.hide();
      await vscode.commands.executeCommand("vizsla.results.focus");
      await kept;
    }
  }

  async #pressOn(item: Item, button: vscode.QuickInputButton): Promise<void> {
    if (button === ASIDE && item.hit !== undefined) await this.#choose(item.hit, vscode.ViewColumn.Beside);
    if (button === FORGET && item.question !== undefined) {
      await forget(this.#keeper, item.question);
      this.#pick.items = this.#recent();
    }
  }

  #showFilters(): void {
    this.#asking.stop();
    this.#showsFilters = true;
    this.#rows = [];
    const open = vscode.window.activeTextEditor?.document;
    const path = open === undefined ? undefined : vscode.workspace.asRelativePath(open.uri, false);
    const folder = path?.includes("/") === true ? path.slice(0, path.lastIndexOf("/")) : undefined;
    const choices = filterChoices(open?.languageId, folder);
    this.#pick.items = choices.map((filter) => ({
      label: `$(filter) ${filter.text}`,
      description: filter.meaning,
      filter,
      alwaysShow: true,
    }));
  }

  #put(question: string): void {
    this.#pick.value = question;
    this.#type(question); // a value that we set ourselves makes no event
  }

  async #choose(hit: SearchHit, column: vscode.ViewColumn): Promise<void> {
    const kept = this.#keep();
    this.#isChosen = true;
    const question = this.#answered;
    // Beside where one is means that one stays there.
    await (column === vscode.ViewColumn.Beside ? this.#preview.restore() : this.#preview.keep());
    this.#pick.hide();
    if (!(await openHit(hit, column))) await this.#preview.restore();
    else if (question !== "") this.#session.opened(question, hit);
    await kept;
  }

  /** What was asked goes into the side bar and the history. */
  async #keep(): Promise<void> {
    const text = this.#answered;
    if (text === "") return;
    this.#results.add({ text, hits: this.#hits, notes: this.#notes, isPinned: false });
    await remember(this.#keeper, text);
  }

  async #close(): Promise<void> {
    this.#asking.stop();
    this.#listening.dispose();
    if (!this.#isChosen) await this.#preview.restore();
    this.#preview.dispose();
    this.#pick.dispose();
  }
}

/** Asks the server in the name of one picker: its newer questions take the place of the older. */
function asker(session: Session): Ask {
  const name = `picker-${Date.now()}-${Math.random()}`;
  return async (query, signal, onPartial) => {
    const cancelling = new vscode.CancellationTokenSource();
    const cancel = (): void => cancelling.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    try {
      return await session.search(query, cancelling.token, { session: name, onPartial });
    } finally {
      signal.removeEventListener("abort", cancel);
      cancelling.dispose();
    }
  };
}

/** Why there are no hits, as far as can be told. */
function nothing(result: SearchResult, state: ServerState): string {
  if (result.isPartial) return "Nothing was found yet; the index is not complete.";
  if (state.kind === "serving" && state.roots.every((root) => "index" in root && root.index?.functions === 0)) {
    return "There is nothing to find: no folder has a function yet.";
  }
  return "Nothing was found; say in other words what it does.";
}

function titleOf(result: SearchResult, isLast: boolean): string {
  const parts = [TITLE];
  if (isLast && result.isReranked) parts.push("reranked");
  if (result.isPartial) parts.push("still indexing: better hits may be missing");
  else if (!result.isSemantic) parts.push("by words only");
  const other = result.notes[0];
  if (other !== undefined && !result.isPartial) parts.push(other);
  return parts.join(" · ");
}
