/** Which settings the server is told: those that the user chose, and none that a folder may not set. */

/** Sections of `vizsla.*` that are the server's; the others are the extension's own. */
export const SERVER_SECTIONS = ["index", "models", "search", "cache", "feedback"] as const;

/** Settings that need another server process; all others hold at once. */
export const NEEDS_RESTART = ["vizsla.server.path", "vizsla.server.python", "vizsla.server.logLevel"] as const;

/** Where a setting has a value, as VS Code says it. */
export interface Inspection {
  readonly globalValue?: unknown;
  readonly workspaceValue?: unknown;
  readonly workspaceFolderValue?: unknown;
}

/** One declared setting of the manifest. */
export interface Declared {
  readonly scope?: string;
}

/** A source of values, such as VS Code's configuration of the section `vizsla`. */
export interface Values {
  get(name: string): unknown;
  inspect(name: string): Inspection | undefined;
}

/**
 * The server's section of settings: what was chosen and nothing else, so that the user's `config.toml` keeps its say
 * where the editor is silent.
 *
 * @param declared - the manifest's settings by their full names, such as `vizsla.search.limit`
 */
export function chosenSettings(
  declared: Readonly<Record<string, Declared>>,
  values: Values,
): Record<string, Record<string, unknown>> {
  const chosen: Record<string, Record<string, unknown>> = {};
  for (const [name, { scope }] of Object.entries(declared)) {
    const [, section, key] = name.split(".");
    if (section === undefined || key === undefined || !isServerSection(section)) continue;
    const short = `${section}.${key}`;
    const where = values.inspect(short);
    if (where === undefined || !isChosen(where, scope)) continue;
    const value = values.get(short);
    // An emptied text means "as if it were not there": a cache in "" would be one in the current directory. So does null.
    if (value === "" || value === null) continue;
    (chosen[section] ??= {})[key] = value;
  }
  return chosen;
}

function isServerSection(section: string): boolean {
  return (SERVER_SECTIONS as readonly string[]).includes(section);
}

function isChosen(where: Inspection, scope: string | undefined): boolean {
  if (where.globalValue !== undefined) return true;
  return scope !== "machine" && (where.workspaceValue !== undefined || where.workspaceFolderValue !== undefined);
}
