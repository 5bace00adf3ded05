/** A server that ends is started again, as VS Code does it: until it has ended too often in a short time. */
import { CloseAction, type ErrorHandler, type LanguageClient } from "vscode-languageclient/node";

/**
 * @param client - the client whose server it is; it is not made yet when its handler is
 * @param isOver - whether the server is not wanted any more
 * @param onLeftAlone - called when a server that is wanted is not started any more
 */
export function crashes(client: () => LanguageClient, isOver: () => boolean, onLeftAlone: () => void): ErrorHandler {
  let usual: ErrorHandler | undefined; // one for all: it counts
  const handler = (): ErrorHandler => (usual ??= client().createDefaultErrorHandler());
  return {
    error: (error, message, times) => handler().error(error, message, times),
    closed: async () => {
      if (isOver()) return { action: CloseAction.DoNotRestart, handled: true };
      const result = await handler().closed();
      if (result.action === CloseAction.DoNotRestart) onLeftAlone();
      return result;
    },
  };
}
