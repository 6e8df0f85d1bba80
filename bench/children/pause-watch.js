import { PerformanceObserver, performance } from 'node:perf_hooks';
import { setImmediate as turn } from 'node:timers/promises';

/**
 * Notes every turn of the event loop until it is stopped, so that the longest time without one can be told. Of such a
 * time counts no more than the CPU time that the process had in it: what another program took is no pause of ours.
 */
export class PauseWatch {
  #turnsAtMs = [performance.now()];
  #cpuAtMs = [cpuMs()];
  #running = true;
  #ended = this.#watch();

  async #watch() {
    while (this.#running) {
      await turn();
      this.#turnsAtMs.push(performance.now());
      this.#cpuAtMs.push(cpuMs());
    }
  }

  async stop() {
    this.#running = false;
    await this.#ended;
  }

  /** The longest time between two turns, less what garbage collections took of it. */
  longestMs(collections) {
    let longest = 0;
    let first = 0;
    for (let at = 1; at < this.#turnsAtMs.length; at++) {
      const startMs = this.#turnsAtMs[at - 1];
      const endMs = this.#turnsAtMs[at];
      while (first < collections.length && collections[first].endMs <= startMs) first++;
      let pauseMs = endMs - startMs;
      for (let i = first; i < collections.length && collections[i].startMs < endMs; i++) {
        pauseMs -= Math.min(endMs, collections[i].endMs) - Math.max(startMs, collections[i].startMs);
      }
      longest = Math.max(longest, Math.min(pauseMs, this.#cpuAtMs[at] - this.#cpuAtMs[at - 1]));
    }
    return longest;
  }
}

function cpuMs() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Collects the pauses of the garbage collector, in order; `stop` waits until all have been reported. */
export function gcPauses() {
  const collections = [];
  const note = (list) => {
    for (const { startTime, duration } of list.getEntries()) {
      collections.push({ startMs: startTime, endMs: startTime + duration });
    }
  };
  const observer = new PerformanceObserver(note);
  observer.observe({ entryTypes: ['gc'] });
  return {
    async stop() {
      await new Promise((resolve) => setTimeout(resolve, 20));
      note({ getEntries: () => observer.takeRecords() });
      observer.disconnect();
      return collections.sort((a, b) => a.startMs - b.startMs);
    },
  };
}
