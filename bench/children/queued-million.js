import { setImmediate as turn } from 'node:timers/promises';
import { gcPauses, PauseWatch } from './pause-watch.js';

// Queues a great many tasks behind a closed gate, and prints what they cost. Needs --expose-gc.
const { contender, entry, tasks, slice, limit } = JSON.parse(process.argv[2]);

/** Tasks submitted in a timed run, and how many runs: short, so that most have no collection in them. */
const run = {
  tasks: Math.max(1, Math.min(20, Math.floor(tasks / 1_000))),
  count: Math.min(100, Math.floor(tasks / 100)),
};

const OPEN = {
  async spillway(work) {
    const { createEngine, ioAgent } = await import(entry);
    const engine = await createEngine({
      agents: [ioAgent('work', { run: work, limit })],
      threads: { count: 2 },
      queue: { limit: 2_000_000 },
      admission: { policy: 'none' },
    });
    const priorities = ['high', 'normal', 'low'];
    return {
      submit: (input) => engine.run('work', input, { priority: priorities[input % 3] }),
      close: () => engine.close(),
    };
  },
  async 'p-queue'(work) {
    const { default: PQueue } = await import('p-queue');
    const queue = new PQueue({ concurrency: limit });
    return { submit: (input) => queue.add(() => work(input)), close: async () => {} };
  },
};

/** A queue whose tasks wait while its gate is shut. */
class Backlog {
  static async open() {
    const backlog = new Backlog();
    backlog.queue = await OPEN[contender](async (input) => {
      if (backlog.gate !== undefined) await backlog.gate;
      return input;
    });
    return backlog;
  }

  /** Forgets what was submitted, and shuts the gate. */
  reset(count) {
    this.promises = new Array(count).fill(undefined);
    this.submitted = 0;
    this.settled = 0;
    this.sum = 0;
    this.gate = new Promise((resolve) => {
      this.openGate = () => {
        this.gate = undefined;
        resolve();
      };
    });
  }

  submitNext(count) {
    const { queue, promises } = this;
    for (const end = this.submitted + count; this.submitted < end; this.submitted++) {
      promises[this.submitted] = queue.submit(this.submitted);
    }
  }

  /** In slices, as a program that reads its tasks from somewhere would. */
  async submitUpTo(end) {
    while (this.submitted < end) {
      this.submitNext(Math.min(slice, end - this.submitted));
      await turn();
    }
  }

  /** Median time of a submit, in ns. */
  async submitCostNs() {
    const costs = [];
    for (let go = 0; go < run.count; go++) {
      const startedAtMs = performance.now();
      this.submitNext(run.tasks);
      costs.push(((performance.now() - startedAtMs) * 1e6) / run.tasks);
      await turn();
    }
    return costs.sort((a, b) => a - b)[Math.floor(costs.length / 2)];
  }

  /** Sees to it that every result is waited for, without a long turn; resolves with what tells of the end. */
  async expectAll() {
    let tell;
    const ended = new Promise((resolve) => {
      tell = resolve;
    });
    const count = (value) => {
      this.sum += value;
      this.settled++;
      if (this.settled === this.promises.length) tell();
    };
    for (let start = 0; start < this.promises.length; start += slice) {
      for (const promise of this.promises.slice(start, start + slice)) promise.then(count);
      await turn();
    }
    return { ended };
  }
}

/**
 * Does all of it with fewer tasks, on the same queue, so that the figures are of compiled code: the collector throws
 * away what was compiled for a queue that is gone.
 */
async function rehearse() {
  backlog.reset(Math.min(tasks, 30_000));
  await backlog.submitUpTo(backlog.promises.length - Math.min(5_000, backlog.promises.length));
  while (backlog.submitted < backlog.promises.length) {
    backlog.submitNext(1);
    if (backlog.submitted % 100 === 0) await turn();
  }
  const { ended } = await backlog.expectAll();
  backlog.openGate();
  await ended;
}

function heapUsedBytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

const backlog = await Backlog.open();
await rehearse();
backlog.reset(tasks);
const heapBefore = heapUsedBytes();
const pauses = gcPauses();

const submitting = new PauseWatch();
await backlog.submitUpTo(Math.min(1_000, Math.floor(tasks / 10)));
const fewNs = await backlog.submitCostNs();
await backlog.submitUpTo(tasks - run.count * run.tasks);
const manyNs = await backlog.submitCostNs();
await submitting.stop();
const heapBytes = (heapUsedBytes() - heapBefore) / tasks;

const { ended } = await backlog.expectAll();
const draining = new PauseWatch();
const drainStartedAtMs = performance.now();
backlog.openGate();
await ended;
const drainMs = performance.now() - drainStartedAtMs;
await draining.stop();
await backlog.queue.close();

const collections = await pauses.stop();
console.log(
  JSON.stringify({
    heapBytes,
    fewNs,
    manyNs,
    submitPauseMs: submitting.longestMs(collections),
    drainPauseMs: draining.longestMs(collections),
    gcPauseMs: Math.max(0, ...collections.map(({ startMs, endMs }) => endMs - startMs)),
    drainMs,
    settled: backlog.settled,
    sum: backlog.sum,
  }),
);
