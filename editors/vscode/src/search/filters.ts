/** Filters that may be written into a question, as choices for somebody who does not know them. */

/** A filter to put into the question; one that ends in a colon wants a value. */
export interface FilterChoice {
  readonly text: string;
  readonly meaning: string;
}

const FIXED: readonly FilterChoice[] = [
  { text: "is:open", meaning: "only files that are open in the editor" },
  { text: "is:changed", meaning: "only files that differ from the last commit" },
  { text: "kind:function", meaning: "only functions that stand on their own" },
  { text: "kind:method", meaning: "only methods" },
  { text: "kind:class", meaning: "only classes" },
  { text: "path:", meaning: "only paths like this, such as path:src/**" },
  { text: "-path:", meaning: "no paths like this, such as -path:tests/**" },
  { text: "in:", meaning: "only one folder, such as in:server/api" },
  { text: "lang:", meaning: "only this language, such as lang:go" },
];

/** Choices, with the language and the folder of the open file first, where there is one. */
export function filterChoices(language: string | undefined, folder: string | undefined): FilterChoice[] {
  const near: FilterChoice[] = [];
  if (language !== undefined) near.push({ text: `lang:${language}`, meaning: "only the language of the open file" });
  if (folder !== undefined && folder !== "") {
    const text = /\s/.test(folder) ? `in:"${folder}"` : `in:${folder}`;
    near.push({ text, meaning: "only the folder of the open file" });
  }
  return [...near, ...FIXED];
}

/** The question with a filter in front of it, or without it when it was there already. */
export function withFilter(question: string, filter: string): string {
  const words: readonly string[] = question.match(/(?:"[^"]*"|\S)+/g) ?? []; // blanks between quotes part nothing
  if (words.includes(filter)) return words.filter((word) => word !== filter).join(" ");
  // One that wants a value goes to the end, where the cursor is.
  return filter.endsWith(":") ? [...words, filter].join(" ") : `${[filter, ...words].join(" ")}${words.length ? "" : " "}`;
}

/** Whether the question ends in a filter that has no value yet, so that asking it could only fail. */
export function isHalfTyped(question: string): boolean {
  return /(^|\s)-?(lang|language|kind|path|in|is):$/.test(question);
}
