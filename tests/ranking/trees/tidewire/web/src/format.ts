export function humanBytes(count: number): string {
  const units = ["B", "KB", "MB", "GB", "TB"];
  let unit = 0;
  while (count >= 1000 && unit < units.length - 1) {
    count /= 1024;
    unit++;
  }
  return `${unit === 0 ? count : count.toFixed(1)} ${units[unit]}`;
}

export function ago(then: Date, now = new Date()): string {
  const seconds = (now.getTime() - then.getTime()) / 1000;
  const steps: [number, Intl.RelativeTimeFormatUnit][] = [
    [86_400, "day"],
    [3_600, "hour"],
    [60, "minute"],
  ];
  const words = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
  for (const [length, unit] of steps) {
    if (seconds >= length) return words.format(-Math.floor(seconds / length), unit);
  }
  return "just now";
}

/** Shorten a path in the middle, so that its end can still be read. */
export function squeeze(path: string, width: number): string {
  if (path.length <= width) return path;
  const tail = Math.ceil((width - 1) * 0.7);
  return path.slice(0, width - 1 - tail) + "…" + path.slice(-tail);
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
