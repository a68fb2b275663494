import type { Base } from "./base";
import fs, { join as path } from "node:fs";

export const MAX_TRIES: number = 3;

export interface Priced<T> extends Base, shop.Named {
  readonly price: number;
  total(names: string[], tax?: number): Promise<T>;
  onChange: (name: string) => void;
}

export type Names = string[];

export enum Payment {
  Cash,
  Card = "card",
}

@Injectable({ scope: "root" })
export abstract class Shop extends Base<string> implements Priced<number>, Named {
  @Input() name = "shop";
  private items: Map<string, number> = new Map();

  constructor(@Inject(TOKEN) private readonly token: string, ...rest: unknown[]) {
    super(token);
  }

  @memo
  async total({ a, b }: Pair, tax = 0.2): Promise<number> {
    return this.items.get(a)! * round(tax);
  }
  abstract is(value: unknown): value is Shop;
}

export const find = async (name: string): Promise<Shop | undefined> => load(name);

namespace shops {
  export function open(this: Window): void {}
}
