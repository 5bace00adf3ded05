/** Work of the server that takes long is a notification that can be cancelled; later indexing shows in the status bar alone. */
import * as vscode from "vscode";
import type { RootStatus } from "../protocol.ts";
import type { ShowProgress } from "../server/connection.ts";
import type { Session } from "../server/session.ts";

/** What is over before is not worth a notification. */
const MOMENT_MILLISECONDS = 1500;

/** One piece of work; what was reported last is shown when the notification comes. */
class Running {
  readonly ended: Promise<void>;
  end: () => void = () => undefined;
  #message: string | undefined;
  #percentage = 0;
  #shown = 0;
  #progress: vscode.Progress<{ message?: string; increment?: number }> | undefined;

  constructor() {
    this.ended = new Promise((resolve) => (this.end = resolve));
  }

  report(message: string | undefined, percentage: number | undefined): void {
    this.#message = message ?? this.#message;
    this.#percentage = Math.max(this.#percentage, percentage ?? 0);
    this.#show();
  }

  showIn(progress: vscode.Progress<{ message?: string; increment?: number }>): void {
    this.#progress = progress;
    this.#show();
  }

  #show(): void {
    const increment = this.#percentage - this.#shown;
    if (this.#progress === undefined) return;
    this.#shown = this.#percentage;
    this.#progress.report(this.#message === undefined ? { increment } : { message: this.#message, increment });
  }
}

/** Shows the server's progress in place of the client library. */
export class WorkProgress implements vscode.Disposable {
  readonly #session: Session;
  readonly #running = new Map<string | number, Running>();
  readonly #listening: vscode.Disposable;

  constructor(session: Session) {
    this.#session = session;
    // Nobody tells the end of what a server was at when it went away.
    this.#listening = session.onDidChangeState(({ kind }) => kind !== "serving" && this.#endAll());
  }

  readonly show: ShowProgress = (token, params) => {
    if (params.kind === "begin") {
      const work = new Running();
      this.#running.set(token, work);
      work.report(params.message, params.percentage);
      void showWhenLong(this.#session, token, params.title, work);
    } else if (params.kind === "report") {
      this.#running.get(token)?.report(params.message, params.percentage);
    } else {
      this.#running.get(token)?.end();
      this.#running.delete(token);
    }
  };

  dispose(): void {
    this.#listening.dispose();
    this.#endAll();
  }

  #endAll(): void {
    for (const work of this.#running.values()) work.end();
    this.#running.clear();
  }
}

async function showWhenLong(session: Session, token: string | number, title: string, work: Running): Promise<void> {
  if (title.startsWith("Indexing") && !(await hasNewFolder(session))) return;
  if (await isOverWithin(work.ended, MOMENT_MILLISECONDS)) return;
  const options = { location: vscode.ProgressLocation.Notification, title: `Vizsla: ${title}`, cancellable: true };
  await vscode.window.withProgress(options, (progress, cancelling) => {
    cancelling.onCancellationRequested(() => session.cancelProgress(token));
    work.showIn(progress);
    return work.ended;
  });
}

async function hasNewFolder(session: Session): Promise<boolean> {
  try {
    return (await session.status()).roots.some(isNew);
  } catch {
    return false; // the server is gone, and so is its progress
  }
}

/** Whether a folder is indexed for the first time, as far as can be seen: its files may have been read by now. */
function isNew({ index }: RootStatus): boolean {
  return index === null || index.reconciledAt === null || index.pending > index.functions / 2;
}

async function isOverWithin(ended: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)));
  const result = await Promise.race([ended.then(() => true as const), moment]);
  clearTimeout(timer);
  return result;
}
