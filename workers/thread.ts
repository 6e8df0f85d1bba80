/** What Piscina loads on every thread: takes a slot of the load table, opens its channels, runs batches. */
import { MessageChannel, parentPort, threadId, workerData } from 'node:worker_threads';
import { expose, wrap } from 'comlink';
import { monotonicNowMs } from '../src/contract/clock.ts';
import type { Hello, ThreadControl, ThreadReports, ThreadSetup } from '../src/contract/wire.ts';
import { SLOT_STATE } from '../src/load-table/layout.ts';
import { SlotWriter } from '../src/load-table/writer.ts';
import { BatchRunner } from './batch-runner.ts';
import { Handlers } from './handlers.ts';
import { heapReport } from './heap.ts';

const setup = workerData as ThreadSetup;
const writer = SlotWriter.claim(setup.table, threadId, monotonicNowMs());
if (writer === undefined) throw new Error(`no free slot in a load table of ${setup.table.slots}`);

const handlers = new Handlers();
const controlChannel = new MessageChannel();
const reportsChannel = new MessageChannel();
const reports = wrap<ThreadReports>(reportsChannel.port1 as never);
const batchChannel = new MessageChannel();
const runner = new BatchRunner(setup, writer, handlers, reports, batchChannel.port1);

const control: ThreadControl = {
  load: (agentId, agent, module, exportName, isolation) =>
    isolation === undefined
      ? handlers.load(agentId, agent, module, exportName)
      : handlers.isolate(agentId, { agent, module, exportName }, isolation, () => reports.childLost(agentId)),
  unload: (agentId) => handlers.unload(agentId),
  faults: (agentId, faults) => handlers.putFaults(agentId, faults),
  heap: heapReport,
  cancel: (cell, batch, index, reason) => runner.cancel(cell, batch, index, reason),
  drain: async () => {
    await runner.drained();
    writer.setState(SLOT_STATE.draining);
  },
};
expose(control, controlChannel.port1 as never);

process.on('uncaughtException', (error) => {
  // The error belongs to the task that runs now, if any; this thread is no longer to be trusted either way. What is
  // posted here arrives before the thread's end is noticed.
  runner.abandon(error);
  process.exit(1);
});

// A handler may end the thread. What was done before keeps its result: it is sent like that of an uncaught exception.
process.on('exit', () => runner.salvage());

const { usedBytes, externalBytes } = heapReport();
writer.publishMemory(usedBytes, externalBytes);
writer.setState(SLOT_STATE.idle);
const hello: Hello = {
  hello: 'spillway',
  threadId,
  slot: writer.slot,
  batches: batchChannel.port2,
  control: controlChannel.port2,
  reports: reportsChannel.port2,
};
parentPort!.postMessage(hello, [batchChannel.port2, controlChannel.port2, reportsChannel.port2]);

/** Piscina wants a handler. Batches come on a port of their own. */
export default function noTask(): never {
  throw new Error('this thread takes its work from its batch port');
}
