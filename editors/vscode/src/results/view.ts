/** The side bar: the last questions, their hits by files. */
import * as vscode from "vscode";
import { openHit } from "../opening.ts";
import { telling } from "../problems.ts";
import type { SearchHit, SearchResult } from "../protocol.ts";
import type { Keeper } from "../search/history.ts";
import { bar, iconOf } from "../search/rows.ts";
import type { Session } from "../server/session.ts";
import { added, answered, asMarkdown, type FileGroup, groups, type Question, replaced, restored, without } from "./model.ts";

const KEY = "vizsla.pinned";

type Node =
  | { readonly kind: "question"; readonly question: Question }
  | { readonly kind: "note"; readonly sentence: string }
  | { readonly kind: "file"; readonly group: FileGroup }
  | { readonly kind: "hit"; readonly hit: SearchHit; readonly question: Question };

export class Results implements vscode.TreeDataProvider<Node>, vscode.Disposable {
  readonly #changed = new vscode.EventEmitter<void>();
  readonly #session: Session;
  readonly #keeper: Keeper;
  #questions: readonly Question[];

  readonly onDidChangeTreeData = this.#changed.event;

  /** @param keeper - what is pinned stays there when the window is closed */
  constructor(session: Session, keeper: Keeper) {
    this.#session = session;
    this.#keeper = keeper;
    this.#questions = restored(keeper.get(KEY));
  }

  /** Newest first. */
  get questions(): readonly Question[] {
    return this.#questions;
  }

  /** Show a question, in front of the others. */
  add(question: Question): void {
    this.#become(added(this.#questions, question));
  }

  /** The commands of the view, each by its name. */
  commands(): Record<string, (node?: Node) => unknown> {
    return {
      "vizsla.results.rerun": (node) => this.#with(node, (question) => this.#rerun(question)),
      "vizsla.results.pin": (node) => this.#with(node, (question) => this.#pin(question, true)),
      "vizsla.results.unpin": (node) => this.#with(node, (question) => this.#pin(question, false)),
      "vizsla.results.remove": (node) => this.#with(node, (question) => this.#become(this.#questions.filter((other) => other !== question))),
      "vizsla.results.copy": (node) => this.#with(node, (question) => vscode.env.clipboard.writeText(asMarkdown(question))),
      "vizsla.results.clear": () => this.#become(this.#questions.filter(({ isPinned }) => isPinned)),
      "vizsla.results.open": (node) => this.#open(node),
      "vizsla.results.unwanted": (node) => this.#unwanted(node),
      "vizsla.results.rephrase": (node) => this.#with(node, ({ text }) => vscode.commands.executeCommand("vizsla.find", text)),
    };
  }

  getChildren(node?: Node): Node[] {
    if (node === undefined) return this.#questions.map((question) => ({ kind: "question", question }));
    if (node.kind === "file") return node.group.hits.map((hit) => ({ kind: "hit", hit, question: node.group.question }));
    if (node.kind !== "question") return [];
    const { question } = node;
    const sentences = question.hits.length === 0 ? ["Nothing was found.", ...question.notes] : question.notes;
    return [
      ...sentences.map((sentence): Node => ({ kind: "note", sentence })),
      ...groups(question).map((group): Node => ({ kind: "file", group })),
    ];
  }

  getTreeItem(node: Node): vscode.TreeItem {
    switch (node.kind) {
      case "question":
        return questionItem(node.question, node.question === this.#questions[0]);
      case "note": {
        const item = new vscode.TreeItem(node.sentence);
        item.iconPath = new vscode.ThemeIcon("info");
        return item;
      }
      case "file": {
        const item = new vscode.TreeItem(vscode.Uri.parse(node.group.uri), vscode.TreeItemCollapsibleState.Expanded);
        item.label = node.group.path.split("/").pop() ?? node.group.path;
        item.description = node.group.path.includes("/") ? node.group.path.slice(0, node.group.path.lastIndexOf("/")) : "";
        item.iconPath = vscode.ThemeIcon.File;
        return item;
      }
      case "hit":
        return hitItem(node);
    }
  }

  dispose(): void {
    this.#changed.dispose();
  }

  async #open(node?: Node): Promise<void> {
    if (node?.kind !== "hit") return;
    if ((await openHit(node.hit)) && node.question.like === undefined) this.#session.opened(node.question.text, node.hit);
  }

  async #rerun(question: Question): Promise<void> {
    const location = { viewId: "vizsla.results" };
    const result = await vscode.window.withProgress({ location }, () => this.#ask(question));
    const newest = this.#questions.find(({ text }) => text === question.text) ?? question;
    this.#become(replaced(this.#questions, question, answered(newest, result)));
  }

  async #ask({ text, like }: Question): Promise<SearchResult> {
    const cancelling = new vscode.CancellationTokenSource();
    try {
      if (like === undefined) return await this.#session.search(text, cancelling.token);
      const position = new vscode.Position(like.line, like.character);
      return await this.#session.similar(vscode.Uri.parse(like.uri), position, cancelling.token);
    } finally {
      cancelling.dispose();
    }
  }

  #unwanted(node?: Node): void {
    if (node?.kind === "hit") this.#become(replaced(this.#questions, node.question, without(node.question, node.hit)));
  }

  #pin(question: Question, isPinned: boolean): void {
    this.#become(replaced(this.#questions, question, { ...question, isPinned }));
  }

  #with<T>(node: Node | undefined, use: (question: Question) => T): T | undefined {
    return node?.kind === "question" ? use(node.question) : undefined;
  }

  #become(questions: readonly Question[]): void {
    const pinned = questions.filter(({ isPinned }) => isPinned);
    if (pinned.length > 0 || this.#questions.some(({ isPinned }) => isPinned)) void telling(() => this.#keeper.update(KEY, pinned))();
    this.#questions = questions;
    this.#changed.fire();
  }
}

function questionItem(question: Question, isNewest: boolean): vscode.TreeItem {
  const { Expanded, Collapsed } = vscode.TreeItemCollapsibleState;
  const item = new vscode.TreeItem(question.text, isNewest ? Expanded : Collapsed);
  item.description = String(question.hits.length);
  item.contextValue = `question.${question.isPinned ? "pinned" : "loose"}${question.like === undefined ? ".asked" : ""}`;
  item.iconPath = new vscode.ThemeIcon(question.isPinned ? "pinned" : "search");
  return item;
}

function hitItem(node: Node & { kind: "hit" }): vscode.TreeItem {
  const { hit } = node;
  const item = new vscode.TreeItem(hit.name);
  item.description = `${bar(hit.score)}  ${hit.doc === "" ? hit.container : hit.doc}`;
  item.tooltip = [hit.signature, hit.doc, `${hit.path}:${hit.location.range.start.line + 1}`].filter((line) => line !== "").join("\n");
  item.iconPath = new vscode.ThemeIcon(iconOf(hit.kind));
  item.contextValue = "hit";
  item.command = { command: "vizsla.results.open", title: "Open", arguments: [node] };
  return item;
}
