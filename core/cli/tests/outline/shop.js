import { join as path } from "node:path";

const MAX_TRIES = 3;

class Shop extends shop.Base {
  #items = new Map();
  name = "shop";

  constructor(name, { open } = {}, ...rest) {
    super(name);
  }

  static async total([a, b], tax = 0.2) {
    const later = (n) => n;
    return later(a * tax);
  }
}

function* find(name) {
  yield* load(path(name));
}

const shout = name => name.toUpperCase();

module.exports = { Shop, find };
run(MAX_TRIES);
