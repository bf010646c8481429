// The WebSocket to the bridge: frames are [address, value]. Comes back by itself.

const FIRST_WAIT_MS = 400;
const LONGEST_WAIT_MS = 3000;
const PING_MS = 2000;
const SILENCE_MS = 6500;

export class Connection {
  #socket = null;
  #waitMs = FIRST_WAIT_MS;
  #heardMs = 0;

  // hear(name, value) for every frame; change(open) when it opens and when it is gone.
  constructor(hear, change) {
    this.hear = hear;
    this.change = change;
    setInterval(() => this.#look(), PING_MS);
    document.addEventListener("visibilitychange", () => {
      if (!document.hidden) this.#look();
    });
    this.#open();
  }

  send(address, ...values) {
    if (this.#socket?.readyState !== WebSocket.OPEN) return false;
    this.#socket.send(JSON.stringify([address, ...values]));
    return true;
  }

  #open() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/socket`);
    this.#socket = socket;
    socket.onopen = () => {
      this.#waitMs = FIRST_WAIT_MS;
      this.#heardMs = performance.now();
      this.change(true);
      this.#ping();
    };
    socket.onmessage = (event) => {
      this.#heardMs = performance.now();
      const [name, value] = JSON.parse(event.data);
      this.hear(name, value);
    };
    socket.onclose = () => {
      if (this.#socket !== socket) return;
      this.#socket = null;
      this.change(false);
      setTimeout(() => this.#again(), this.#waitMs);
      this.#waitMs = Math.min(this.#waitMs * 1.6, LONGEST_WAIT_MS);
    };
  }

  // A bridge that asks for its token shuts the WebSocket without a word: the page then has the form.
  async #again() {
    try {
      const answer = await fetch("/", { cache: "no-store" });
      if (answer.status === 401) return location.reload();
    } catch {
      // nobody there yet
    }
    if (this.#socket === null) this.#open();
  }

  #ping() {
    this.send("ping", performance.now());
  }

  #look() {
    const socket = this.#socket;
    if (socket?.readyState !== WebSocket.OPEN) return;
    if (performance.now() - this.#heardMs > SILENCE_MS && !document.hidden) {
      socket.onclose(); // dead without having said so: a phone that slept, a cable that was pulled
      socket.close();
      return;
    }
    this.#ping();
  }
}
