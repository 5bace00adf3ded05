/** What went wrong, for people. */

/** The sentence of an error; of anything else that was thrown, its text. */
export function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
