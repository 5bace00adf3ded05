import { humanBytes } from "./format";
import { Session } from "./session";

export type Progress = { sent: number; total: number };

/** Sends files that are dropped onto the page. */
export class Uploader {
  private queue: File[] = [];
  private active = 0;
  private paused = false;

  constructor(private session: Session, private onProgress: (progress: Progress) => void) {}

  /** Add a file; files that are too large are refused at once. */
  enqueue(file: File): void {
    if (file.size > this.session.quotaLeft()) {
      throw new RangeError(`${file.name} needs ${humanBytes(file.size)}`);
    }
    this.queue.push(file);
    this.pump();
  }

  pause(): void {
    this.paused = true;
  }

  /** Go on with the uploads after a pause. */
  resume(): void {
    this.paused = false;
    this.pump();
  }

  /** Start as many uploads as may run side by side. */
  private pump(): void {
    while (!this.paused && this.active < 3 && this.queue.length > 0) {
      const file = this.queue.shift()!;
      this.active++;
      this.send(file).finally(() => {
        this.active--;
        this.pump();
      });
    }
  }

  private async send(file: File): Promise<void> {
    const size = 1 << 20;
    for (let at = 0; at < file.size; at += size) {
      const response = await fetch("/uploads", {
        method: "PUT",
        headers: { ...this.session.headers(), "Upload-Offset": String(at) },
        body: file.slice(at, at + size),
      });
      if (response.status === 429) {
        at -= size;
        await delay(Number(response.headers.get("Retry-After") ?? 1) * 1000);
        continue;
      }
      this.onProgress({ sent: Math.min(at + size, file.size), total: file.size });
    }
  }
}

export const delay = (milliseconds: number) => new Promise<void>((done) => setTimeout(done, milliseconds));

/** Collect the files of a drop, folders and all that is in them. */
export async function filesOfDrop(items: DataTransferItemList): Promise<File[]> {
  const found: File[] = [];
  const visit = async (entry: FileSystemEntry): Promise<void> => {
    if (entry.isFile) {
      found.push(await new Promise((done, fail) => (entry as FileSystemFileEntry).file(done, fail)));
      return;
    }
    const reader = (entry as FileSystemDirectoryEntry).createReader();
    for (const child of await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail))) {
      await visit(child);
    }
  };
  await Promise.all([...items].map((item) => item.webkitGetAsEntry()).map((entry) => entry && visit(entry)));
  return found;
}
