/** Asking while somebody types: rests are waited for, older questions are given up, late answers are dropped. */
import type { SearchResult } from "../protocol.ts";
import { sentenceOf } from "../sentence.ts";

/** Ask one question. Answers that come before the last one go to `onPartial`; `signal` gives the question up. */
export type Ask = (
  query: string,
  signal: AbortSignal,
  onPartial: (result: SearchResult) => void,
) => Promise<SearchResult>;

/** What becomes of the question that is newest. */
export interface Listener {
  /** An answer, the last one when `isLast`; at most two or three for a question. */
  onAnswer(query: string, result: SearchResult, isLast: boolean): void;
  /** It cannot be answered; `sentence` says why. */
  onProblem(query: string, sentence: string): void;
  /** Whether something is awaited. */
  onBusy(isBusy: boolean): void;
}

/** The question of one picker. */
export class Asking {
  readonly #ask: Ask;
  readonly #listener: Listener;
  readonly #delayMilliseconds: () => number;
  #open: AbortController | undefined;
  #timer: NodeJS.Timeout | undefined;
  #query = "";

  constructor(ask: Ask, listener: Listener, delayMilliseconds: () => number) {
    this.#ask = ask;
    this.#listener = listener;
    this.#delayMilliseconds = delayMilliseconds;
  }

  /** The text is now `value`: ask it after a rest. What differs in blanks alone is the same question. */
  type(value: string): void {
    const query = value.trim();
    if (query === this.#query) return;
    this.stop();
    this.#query = query;
    if (query === "") return;
    this.#listener.onBusy(true);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      void this.#send(query);
    }, this.#delayMilliseconds());
  }

  /** Ask the newest question once more, at once, unless it is still open. */
  again(): void {
    if (this.#query === "" || this.#open !== undefined || this.#timer !== undefined) return;
    this.#listener.onBusy(true);
    void this.#send(this.#query);
  }

  /** Give up what is open. The same text may be asked again. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#open?.abort();
    this.#open = undefined;
    this.#query = "";
    this.#listener.onBusy(false);
  }

  async #send(query: string): Promise<void> {
    const mine = new AbortController();
    this.#open = mine;
    const isNewest = () => this.#open === mine;
    try {
      const last = await this.#ask(query, mine.signal, (result) => {
        if (isNewest()) this.#listener.onAnswer(query, result, false);
      });
      if (isNewest()) this.#listener.onAnswer(query, last, true);
    } catch (error) {
      if (isNewest()) this.#listener.onProblem(query, sentenceOf(error));
    } finally {
      if (isNewest()) {
        this.#open = undefined;
        this.#listener.onBusy(false);
      }
    }
  }
}
