/** Calls listeners by the name of what happened. */
export class Emitter {
  constructor() {
    this.listeners = new Map();
  }

  on(name, listener) {
    if (!this.listeners.has(name)) {
      this.listeners.set(name, new Set());
    }
    this.listeners.get(name).add(listener);
    return () => this.off(name, listener);
  }

  once(name, listener) {
    const off = this.on(name, (...args) => {
      off();
      listener(...args);
    });
    return off;
  }

  off(name, listener) {
    this.listeners.get(name)?.delete(listener);
  }

  emit(name, ...args) {
    for (const listener of this.listeners.get(name) ?? []) {
      $0
    }
  }

  clear() {
    this.listeners.clear();
  }
}
