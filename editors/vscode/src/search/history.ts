/** The questions that were asked in a workspace, newest first. */

const MOST = 50;

/** Where they are kept between sessions, such as a memento of VS Code. */
export interface Keeper {
  get(key: string): unknown;
  update(key: string, value: unknown): PromiseLike<void>;
}

const KEY = "vizsla.questions";

/** The questions that were kept; what is not a list of texts is none. */
export function recentQuestions(keeper: Keeper): string[] {
  const kept = keeper.get(KEY);
  return Array.isArray(kept) ? kept.filter((question): question is string => typeof question === "string") : [];
}

/** Put one in front. */
export function remember(keeper: Keeper, question: string): PromiseLike<void> {
  const others = recentQuestions(keeper).filter((other) => other !== question);
  return keeper.update(KEY, [question, ...others].slice(0, MOST));
}

/** Forget one. */
export function forget(keeper: Keeper, question: string): PromiseLike<void> {
  return keeper.update(KEY, recentQuestions(keeper).filter((other) => other !== question));
}
