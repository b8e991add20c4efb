// How a page hears about its run: the event stream, and polling while there is none. Each start is followed by a catch-up.

const POLL = 4000;
const RETRY = 15000;
const PATIENCE = 5000;

export class Live {
  /** `on`: { status, losses, sample, log, verdict } by event name; `catchUp()` fetches what was missed; `onLost(lost)`. */
  constructor(address, on, catchUp, onLost) {
    Object.assign(this, { address, on, catchUp, onLost, heard: Date.now(), lost: false });
    this.open();
    this.poller = setInterval(() => this.poll(), POLL);
    document.addEventListener("visibilitychange", () => !document.hidden && this.poll(true));
    addEventListener("pagehide", () => this.close());
  }

  open() {
    this.source?.close();
    const source = (this.source = new EventSource(this.address));
    source.addEventListener("open", async () => {
      this.working = true;
      this.broken = null;
      await this.refresh();
    });
    source.addEventListener("error", () => {
      this.working = false;
      this.broken ??= Date.now();
      // An answer other than 200 closes the stream for good: try a new one later.
      if (source.readyState === EventSource.CLOSED && !this.later) {
        this.later = setTimeout(() => {
          this.later = null;
          if (!this.done) this.open();
        }, RETRY);
      }
    });
    for (const [name, act] of Object.entries(this.on)) {
      source.addEventListener(name, (event) => {
        this.heard = Date.now();
        act(JSON.parse(event.data));
      });
    }
  }

  async poll(at_once = false) {
    if (this.done || this.working && !at_once || document.hidden) return;
    await this.refresh();
  }

  /** Fetches what is new. Only a server that does not answer counts as lost: without a stream, polling is good enough. */
  async refresh() {
    try {
      await this.catchUp();
      this.heard = Date.now();
      this.failing = null;
      this.tell(false);
    } catch {
      this.failing ??= Date.now();
      if (Date.now() - this.failing >= PATIENCE - 1000) this.tell(true);
    }
  }

  tell(lost) {
    if (lost || this.lost) this.onLost(lost, this.heard / 1000);
    this.lost = lost;
  }

  close() {
    this.done = true;
    this.source?.close();
    clearInterval(this.poller);
    clearTimeout(this.later);
  }
}
