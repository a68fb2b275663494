/** A line of the shopping cart; prices are in cents. */
interface Item {
  readonly name: string;
  readonly price: number;
  readonly quantity: number;
}

export class Cart {
  private items: Item[] = [];

  add(item: Item): void {
    this.items.push(item);
  }

  remove(name: string): void {
    this.items = this.items.filter((item) => item.name !== name);
  }

  find(name: string): Item | undefined {
    return this.items.find((item) => $0
  }

  get isEmpty(): boolean {
    return this.items.length === 0;
  }

  get total(): number {
    let total = 0;
    for (const item of this.items) {
      total += item.price * item.quantity;
    }
    return total;
  }
}

export function format(cents: number): string {
  return (cents / 100).toFixed(2);
}
