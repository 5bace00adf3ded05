type Stored = { token: string; until: number; quota: number; used: number };

export class Session {
  private constructor(private stored: Stored) {}

  static restore(storage: Storage): Session | undefined {
    const text = storage.getItem("session");
    if (text === null) return undefined;
    const stored = JSON.parse(text) as Stored;
    return stored.until > Date.now() ? new Session(stored) : undefined;
  }

  static async open(name: string, password: string): Promise<Session> {
    const response = await fetch("/session", { method: "POST", body: JSON.stringify({ name, password }) });
    if (!response.ok) throw new Error("name or password is wrong");
    return new Session((await response.json()) as Stored);
  }

  headers(): Record<string, string> {
    return { Authorization: `Bearer ${this.stored.token}` };
  }

  quotaLeft(): number {
    return Math.max(0, this.stored.quota - this.stored.used);
  }

  /** Get a new token shortly before the old one expires, again and again. */
  keepAlive(): () => void {
    let timer: number;
    const renew = async () => {
      const response = await fetch("/session", { method: "PATCH", headers: this.headers() });
      if (response.ok) Object.assign(this.stored, await response.json());
      timer = window.setTimeout(renew, Math.max(1_000, this.stored.until - Date.now() - 60_000));
    };
    timer = window.setTimeout(renew, this.stored.until - Date.now() - 60_000);
    return () => window.clearTimeout(timer);
  }

  close(storage: Storage): void {
    storage.removeItem("session");
    this.stored = { token: "", until: 0, quota: 0, used: 0 };
  }
}
