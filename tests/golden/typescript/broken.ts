export function before(a: number): number { return a; }

interface Half {
  a: string
  b:

export class Fine {
  ok(): void { }
}

const after = (x: number) => { return x; };
