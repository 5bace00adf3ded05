/** Signs. */
declare function sign(value: string): string;

declare module 'cookie' {
  export interface Jar { get(name: string): string }
  export class Store { put(name: string): void }
}

declare class Ambient {
  run(): void;
}
