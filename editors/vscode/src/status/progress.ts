/** Indexing for the first time is a notification that can be cancelled; later indexing shows in the status bar alone. */
import * as vscode from "vscode";
import type { Session, ShowProgress } from "../server/session.ts";

/** What is over before is not worth a notification. */
const MOMENT_MILLISECONDS = 1500;

interface Running {
  percentage: number;
  report: ((message: string | undefined, percentage: number | undefined) => void) | undefined;
  end(): void;
  readonly ended: Promise<void>;
}

/** Shows the server's progress in place of the client. */
export function indexingProgress(session: Session): NonNullable<ShowProgress> {
  const running = new Map<string | number, Running>();
  return (token, params) => {
    const known = running.get(token);
    if (params.kind === "begin") {
      let end = (): void => undefined;
      const ended = new Promise<void>((resolve) => (end = resolve));
      const progress: Running = { percentage: 0, report: undefined, end, ended };
      running.set(token, progress);
      void showWhenFirst(session, token, params.title, progress);
    } else if (params.kind === "report") {
      known?.report?.(params.message, params.percentage);
    } else {
      known?.end();
      running.delete(token);
    }
  };
}

async function showWhenFirst(session: Session, token: string | number, title: string, progress: Running): Promise<void> {
  const isFirst = await hasUnknownFolder(session);
  if (!isFirst || (await isOverWithin(progress.ended, MOMENT_MILLISECONDS))) return;
  const options = { location: vscode.ProgressLocation.Notification, title: `Vizsla: ${title}`, cancellable: true };
  await vscode.window.withProgress(options, (shown, cancelling) => {
    cancelling.onCancellationRequested(() => session.cancelProgress(token));
    progress.report = (message, percentage) => {
      const increment = percentage === undefined ? 0 : Math.max(0, percentage - progress.percentage);
      progress.percentage += increment;
      shown.report(message === undefined ? { increment } : { message, increment });
    };
    return progress.ended;
  });
}

async function hasUnknownFolder(session: Session): Promise<boolean> {
  try {
    return (await session.status()).roots.some(({ index }) => index === null || index.reconciledAt === null);
  } catch {
    return false; // the server is gone, and so is its progress
  }
}

async function isOverWithin(ended: Promise<void>, milliseconds: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const moment = new Promise<false>((resolve) => (timer = setTimeout(() => resolve(false), milliseconds)));
  const result = await Promise.race([ended.then(() => true as const), moment]);
  clearTimeout(timer);
  return result;
}
