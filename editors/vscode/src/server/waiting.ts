/** Waiting for an event of VS Code. */
import * as vscode from "vscode";

/**
 * Wait until an event fires next, or for so many milliseconds.
 *
 * @throws vscode.CancellationError when the wait is given up
 */
export async function nextEvent(event: vscode.Event<unknown>, token: vscode.CancellationToken, milliseconds?: number): Promise<void> {
  const waiting: vscode.Disposable[] = [];
  try {
    await new Promise<void>((done, fail) => {
      waiting.push(event(() => done()), token.onCancellationRequested(() => fail(new vscode.CancellationError())));
      if (milliseconds === undefined) return;
      const timer = setTimeout(done, milliseconds);
      waiting.push(new vscode.Disposable(() => clearTimeout(timer)));
    });
  } finally {
    for (const each of waiting) each.dispose();
  }
}
