export { Uploader, filesOfDrop, delay } from "./uploader";
export type { Progress } from "./uploader";
export { Session } from "./session";
export { ago, escapeHtml, humanBytes, squeeze } from "./format";
