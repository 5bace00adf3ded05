/** The models that can answer, as `vizsla models list --json` prints them, as choices. */

/** One model that is there. */
export interface Model {
  readonly name: string;
  readonly kind: string;
  /** What it was made from. */
  readonly base: string;
  readonly dimension: number | null;
  readonly is_used: boolean;
}

/** One thing to choose: the words of the command, and what stands in the row. */
export interface Choice {
  readonly words: readonly string[];
  readonly label: string;
  readonly description: string;
  readonly isUsed: boolean;
}

/** Choices under a heading. */
export interface Section {
  readonly heading: string;
  readonly choices: readonly Choice[];
}

const PACKAGE = "default";

/** What was printed, checked. */
export function modelsOf(printed: string): Model[] {
  const listed: unknown = JSON.parse(printed);
  if (!Array.isArray(listed)) throw new Error("The server's program does not list its models; update it.");
  return listed.filter((model): model is Model => typeof model?.name === "string" && typeof model?.kind === "string");
}

/** All that can be chosen: finders, rerankers, and the way back. */
export function sections(models: readonly Model[]): Section[] {
  const ofPackage = models.filter(({ name }) => name.split(" ")[0] === PACKAGE);
  const added = models.filter((model) => !ofPackage.includes(model));
  const finders = added.filter(({ kind }) => kind === "bi-encoder").map(choiceOf);
  const rerankers = added.filter(({ kind }) => kind !== "bi-encoder").map(choiceOf);
  const isReranking = models.some(({ kind, is_used }) => kind !== "bi-encoder" && is_used);
  const whole: Choice = {
    words: ["use", PACKAGE],
    label: PACKAGE,
    description: `made from ${[...new Set(ofPackage.map(({ base }) => lastPart(base)))].join(" and ")}`,
    isUsed: ofPackage.length > 0 && ofPackage.every(({ is_used }) => is_used) && !added.some(({ is_used }) => is_used),
  };
  const none: Choice = { words: ["use", "none"], label: "none", description: "hits in the order in which they are found", isUsed: !isReranking };
  const back: Choice = { words: ["rollback"], label: "Go back", description: "to the models that were in use before these", isUsed: false };
  return [
    { heading: "of the package", choices: [whole] },
    { heading: "find functions", choices: finders },
    { heading: "put the first hits in order", choices: rerankers.length > 0 || isReranking ? [...rerankers, none] : [] },
    { heading: "", choices: [back] },
  ].filter(({ choices }) => choices.length > 0);
}

function choiceOf(model: Model): Choice {
  const dimension = model.dimension === null ? "" : `, ${model.dimension} dimensions`;
  return { words: ["use", model.name], label: model.name, description: `made from ${lastPart(model.base)}${dimension}`, isUsed: model.is_used };
}

function lastPart(name: string): string {
  return name.split("/").pop() ?? name;
}
