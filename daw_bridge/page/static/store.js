// What the bridge has told, by address; and who wants to know.

export class Store {
  #values = new Map();
  #listeners = new Map();

  get(address) {
    return this.#values.get(address);
  }

  set(address, value) {
    this.#values.set(address, value);
    for (const listener of this.#listeners.get(address) ?? []) listener(value);
  }

  // Calls at once where the value is known, and whenever it comes again.
  on(address, listener) {
    const listeners = this.#listeners.get(address) ?? new Set();
    this.#listeners.set(address, listeners.add(listener));
    if (this.#values.has(address)) listener(this.#values.get(address));
    return () => listeners.delete(listener);
  }
}
