// Copyright (c) 2024 Nobody
import { Injectable, type Type } from '@angular/core';

/** What can be stored. */
export interface Storable<T> extends Base {
  /** The key. */
  readonly key: string;
  load?(id: number): Promise<T>;
  new (x: number): Storable<T>;
}

export type Options = {
  depth: number;
  filter: (name: string) => boolean;
};

type Id = string | number;
type Name = string;

/** What a promise is of. */
export type Settled<T> = T extends Promise<infer Value> ? Value : never;
export type Reader = (path: string) => Promise<string>;

export const enum Level { Low = 1, High = Low << 1 }

declare global {
  interface Window { vizsla: unknown }
}

export namespace Geometry.Plane {
  export const ORIGIN = [0, 0];
  // Area of a square.
  export function area(side: number): number { return side ** 2; }
}

function parse(text: string): Options;
function parse(text: string, strict: boolean): Options;
/** Parses options. */
function parse(text: string, strict = false): Options {
  return JSON.parse(text) as Options;
}

/**
 * Keeps users.
 *
 * @deprecated
 */
@Injectable({ providedIn: 'root' })
export abstract class UserService<T extends object = {}> extends Service implements Storable<T>, OnInit {
  private readonly cache = new Map<Id, T>();
  declare readonly key: string;
  @Input() depth!: number;

  constructor(private http: HttpClient, @Inject(TOKEN) readonly token: string) {
    super();
  }

  abstract remove(id: Id): void;

  // Finds by id.
  @Memoize()
  @Log('info')
  async find<K extends keyof T>(id: Id, key?: K): Promise<T[K] | undefined> {
    const inner = <U,>(x: U): U => x;
    return inner((await this.http.get<T>(`/${id}`))[key!]);
  }

  protected handler = async (event: Event): Promise<void> => {
    this.depth++;
  };

  get size(): number { return this.cache.size; }

  static #instance?: UserService;
}

export const isString = (value: unknown): value is string => typeof value === 'string';

export const routes: Route[] = [
  { path: 'a', load: () => import('./a') },
];

export default class extends UserService {
  remove() {}
}

let assertion = <T extends unknown>(x: T) => x!;
