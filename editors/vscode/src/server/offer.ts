/** Whether the program that answered is a server that this extension can work with. */
import { type Offer, SCHEMA, SEARCH, SIMILAR, STATUS } from "../protocol.ts";
import type { Introduction } from "./connection.ts";

const NEEDED = [SEARCH, SIMILAR, STATUS];

/**
 * What is wrong with a server, by its answer to `initialize`; undefined when nothing is. A schema that is older or newer
 * but has all that is needed is no fault: the server itself tells the user which of the two to update.
 */
export function problemOf(command: string, { capabilities, serverInfo }: Introduction): string | undefined {
  const name = serverInfo?.name;
  if (name !== "vizsla") return `'${command}' is not Vizsla but ${name ?? "a program without a name"}; correct vizsla.server.path.`;
  const version = serverInfo?.version ?? "of an unknown version";
  const offer = offerOf(capabilities.experimental);
  const absent = NEEDED.filter((request) => !offer?.requests.includes(request));
  if (absent.length === 0) return undefined;
  const older = (offer?.schema ?? 0) > SCHEMA ? "this extension" : "it";
  return `The server '${command}' (${version}) does not know ${absent.join(", ")}; update ${older}.`;
}

/** What is wrong when a server does not offer a command of its own; undefined when it does. */
export function withoutCommand(name: string, offer: Offer | undefined, version = "of an unknown version"): string | undefined {
  if (offer?.commands === undefined || offer.commands.includes(name)) return undefined;
  return `The server (${version}) does not know ${name}; update it.`;
}

/** What a server offers beyond the standard, undefined when it says nothing of itself. */
export function offerOf(experimental: unknown): Offer | undefined {
  const ours: unknown = (experimental as { vizsla?: unknown } | null | undefined)?.vizsla;
  if (typeof ours !== "object" || ours === null || !Array.isArray((ours as Partial<Offer>).requests)) return undefined;
  return ours as Offer;
}
