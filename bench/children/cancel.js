import { getEventListeners } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';

// Cancels many waiting tasks at once, and single ones among a great many, and uses a few signals for a great many
// tasks. Prints what that costs. Needs --expose-gc.
const { entry, bulk, queued, picks, signaled } = JSON.parse(process.argv[2]);
const { createEngine, ioAgent } = await import(entry);

const SIGNALS = 16;
const SLICE = 1_000;
const never = new Promise(() => {});
const engine = await createEngine({
  agents: [
    ioAgent('busy', { run: () => never, limit: 1 }),
    ioAgent('free', { run: (input) => input, limit: 1_000 }),
  ],
  queue: { limit: 2_000_000 },
  admission: { policy: 'none' },
  closeTimeoutMs: 1,
});

async function submit(count, options) {
  const handles = [];
  for (let at = 0; at < count; at++) {
    handles.push(engine.submit('busy', at, options(at)));
    if (at % SLICE === SLICE - 1) await turn();
  }
  return handles;
}

/** Time of the whole call, every task with its outcome, in ms. */
async function cancelManyMs(filterOf) {
  const mine = { tags: ['mine'] };
  const handles = await submit(bulk, () => mine);
  globalThis.gc();
  const startedAtMs = performance.now();
  const { total } = engine.cancel(filterOf());
  const tookMs = performance.now() - startedAtMs;
  if (total !== bulk || handles.some(({ state }) => state !== 'cancelled'))
    throw new Error(`${total} cancelled`);
  return tookMs;
}

function median(values) {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)];
}

function heapUsedBytes() {
  globalThis.gc();
  globalThis.gc();
  return process.memoryUsage().heapUsed;
}

/** Tasks with a signal come and go; every one of them has ended when this resolves. */
async function useSignals(count, controllers) {
  let listeners = 0;
  for (let at = 0; at < count; at += SLICE) {
    const waits = [];
    for (let go = 0; go < SLICE; go++) {
      const { signal } = controllers[(at + go) % SIGNALS];
      waits.push(engine.run('free', go, { signal }));
    }
    for (const { signal } of controllers) {
      listeners = Math.max(listeners, getEventListeners(signal, 'abort').length);
    }
    await Promise.all(waits);
  }
  return listeners;
}

const controllers = Array.from({ length: SIGNALS }, () => new AbortController());
await useSignals(Math.min(signaled, 100_000), controllers);
const heapBefore = heapUsedBytes();
const listeners = await useSignals(signaled, controllers);
const heapBytes = heapUsedBytes() - heapBefore;
const left = controllers.reduce((sum, { signal }) => sum + getEventListeners(signal, 'abort').length, 0);

const first = engine.submit('busy', -1);
await turn();
const manyMs = [];
for (let round = 0; round < 5; round++) manyMs.push(await cancelManyMs(() => ({ tag: 'mine' })));
const predicateMs = await cancelManyMs(() => ({ where: ({ tags }) => tags.includes('mine') }));

const priorities = ['high', 'normal', 'low'].map((priority) => ({ priority }));
const handles = await submit(queued, (at) => priorities[at % 3]);
const oneUs = [];
for (let pick = 0; pick < picks; pick++) {
  // Far from each other, and in no order that the queue has.
  const { id } = handles[(pick * 7_919 + 13) % queued];
  const startedAtMs = performance.now();
  const { total } = engine.cancel({ id });
  oneUs.push((performance.now() - startedAtMs) * 1_000);
  if (total !== 1) throw new Error(`${id} was not cancelled`);
}
const startedAtMs = performance.now();
const rest = engine.cancel({ all: true }).total;
const allMs = performance.now() - startedAtMs;
if (first.state !== 'cancelled') throw new Error('one still runs');
await engine.close();

oneUs.sort((a, b) => a - b);
const [p50, p99] = [0.5, 0.99].map((q) => oneUs[Math.floor(q * (picks - 1))]);
console.log(
  JSON.stringify({
    manyMs: median(manyMs),
    predicateMs,
    oneUs: p50,
    oneP99Us: p99,
    allMs,
    rest,
    heapBytes,
    listeners,
    left,
  }),
);
