/** The last questions with their hits: what the tree in the side bar shows. */
import type { SearchHit, SearchResult } from "../protocol.ts";
import { identity } from "../search/rows.ts";

const MOST_UNPINNED = 20;

/** A place in a file, from 0. */
export interface Place {
  readonly uri: string;
  readonly line: number;
  readonly character: number;
}

/** One question that was asked, or one function that was looked for the like of. Plain data: it can be stored. */
export interface Question {
  readonly text: string;
  readonly hits: readonly SearchHit[];
  readonly notes: readonly string[];
  readonly isPinned: boolean;
  /** The function whose like was looked for; without one `text` was asked in words. */
  readonly like?: Place;
  /** Hits that were not what was meant; they do not come back when it is asked again. */
  readonly unwanted?: readonly string[];
}

/** Hits of one file, the best first. */
export interface FileGroup {
  readonly question: Question;
  readonly path: string;
  readonly uri: string;
  readonly hits: readonly SearchHit[];
}

/** The questions of a list that was stored; what is none is left out. */
export function restored(stored: unknown): Question[] {
  return Array.isArray(stored) ? stored.filter(isQuestion) : [];
}

function isQuestion(value: unknown): value is Question {
  const { text, hits, notes } = (value ?? {}) as Partial<Question>;
  return typeof text === "string" && Array.isArray(notes) && Array.isArray(hits) && hits.every((hit) => typeof hit?.location?.uri === "string");
}

/** Put a question in front; one of the same text is replaced, and keeps its pin and what was not meant. */
export function added(questions: readonly Question[], question: Question): Question[] {
  const before = questions.find((other) => other.text === question.text);
  const unwanted = before?.unwanted === undefined ? {} : { unwanted: before.unwanted };
  const newest = answered({ ...question, ...unwanted, isPinned: question.isPinned || before?.isPinned === true }, question);
  let unpinned = 0;
  return [newest, ...questions.filter((other) => other.text !== question.text)].filter(
    (other) => other.isPinned || ++unpinned <= MOST_UNPINNED,
  );
}

/** Put one in the place of another. */
export function replaced(questions: readonly Question[], older: Question, newer: Question): Question[] {
  return questions.map((question) => (question.text === older.text ? newer : question));
}

/** The question with what it was answered now. */
export function answered(question: Question, { hits, notes }: Pick<SearchResult, "hits" | "notes">): Question {
  const unwanted = new Set(question.unwanted);
  return { ...question, hits: hits.filter((hit) => !unwanted.has(identity(hit))), notes };
}

/** The question without a hit that was not what was meant. */
export function without(question: Question, hit: SearchHit): Question {
  const unwanted = [...(question.unwanted ?? []), identity(hit)];
  return { ...question, unwanted, hits: question.hits.filter((other) => other !== hit) };
}

/** The hits of a question by their files, the file of the best hit first. */
export function groups(question: Question): FileGroup[] {
  const byFile = new Map<string, SearchHit[]>();
  for (const hit of question.hits) {
    const hits = byFile.get(hit.location.uri);
    if (hits === undefined) byFile.set(hit.location.uri, [hit]);
    else hits.push(hit);
  }
  return [...byFile].map(([uri, hits]) => ({ question, uri, path: hits[0]?.path ?? uri, hits }));
}

/** A question and its hits as Markdown, with links that work from the folder. */
export function asMarkdown(question: Question): string {
  const lines = question.hits.map((hit) => {
    const line = hit.location.range.start.line + 1;
    const link = `${encodeURI(hit.path).replaceAll("(", "%28").replaceAll(")", "%29")}#L${line}`;
    const doc = hit.doc === "" ? "" : ` — ${escaped(hit.doc)}`;
    return `- [\`${hit.qualifiedName.replaceAll("`", "'")}\`](${link}) ${escaped(hit.path)}:${line}${doc}`;
  });
  return [`### ${escaped(question.text)}`, "", ...(lines.length > 0 ? lines : ["Nothing was found."]), ""].join("\n");
}

function escaped(text: string): string {
  return text.replace(/[\\`*_[\]<>#|]/g, "\\$&");
}
