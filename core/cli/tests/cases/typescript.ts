import { readFile } from "node:fs/promises";

interface Item {
  id: number;
  name: string;
  price: number;
}

export class Cart {
  private items: Item[] = [];

  add(item: Item): void {
    this.items.push(item);
  }

  total(): number {
    return this.items.reduce((sum, item) => $0, 0);
  }
}
