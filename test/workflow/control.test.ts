import { describe, expect, test } from 'vitest';
import type { RunStatus, WorkflowRun } from '../../src/index.ts';
import { MemoryStore, workflow } from '../../src/index.ts';
import { CONTROLS, type ControlName } from '../../src/workflow/control.ts';
import { engineWith, GatedAgent } from './gated-agent.ts';

const STATES: readonly RunStatus[] = ['running', 'paused', 'stopping', 'stopped', 'compensating', 'ended'];

/** A run in that state: a step has succeeded, one has failed, one is under way, one is parked, two wait. */
async function runIn(state: RunStatus) {
  const gate = new GatedAgent();
  const undo = new GatedAgent();
  let tries = 0;
  const definition = workflow('controlled', { onError: 'continue' })
    .step('done', { run: () => 1, compensate: { agent: 'undo' } })
    .step('failed', {
      run: () => {
        if (tries++ > 0) return new Promise(() => undefined);
        throw new Error('no');
      },
    })
    .step('under way', { agent: 'gate' })
    .step('next', { after: 'under way', run: () => 2 })
    .wait('asked', { approval: 'may we?' })
    .wait('signal', { signal: 'go' })
    .build();
  const journal = new MemoryStore();
  const engine = await engineWith([gate.agent('gate'), undo.agent('undo')], { journal });
  const run: WorkflowRun = await engine.start(definition, 0);
  await gate.called(1);
  if (state === 'paused') await run.pause();
  if (state === 'stopping') void run.stop();
  if (state === 'stopped') {
    const stopped = run.stop();
    gate.finishAll();
    await stopped;
  }
  if (state === 'compensating') {
    await run.cancel();
    await undo.called(1);
  }
  if (state === 'ended') {
    gate.finishAll();
    await run.answer('asked', { value: 'yes' });
    await run.signal('go');
    await run.result();
  }
  expect(run.state).toBe(state);
  return { run, events: () => journal.version(run.id) };
}

/** `stop` resolves when the step that is under way has ended: that it is refused is known before. */
async function stop(run: WorkflowRun): Promise<void> {
  const stopped = run.stop();
  stopped.catch(() => undefined);
  if (run.state !== 'stopping') await stopped;
}

const CALLS: Readonly<Record<ControlName, (run: WorkflowRun) => Promise<unknown>>> = {
  pause: (run) => run.pause(),
  resume: (run) => run.resume(),
  stop,
  cancel: (run) => run.cancel(),
  'cancel steps': (run) => run.cancel({ steps: ['signal'] }),
  retry: (run) => run.retry('failed'),
  skip: (run) => run.skip('signal'),
  answer: (run) => run.answer('asked', { value: 'yes' }),
  signal: (run) => run.signal('go'),
  checkpoint: (run) => run.checkpoint(),
  fork: (run) => run.fork({ from: 'under way', id: 'fork' }),
};
/** These leave the run as it is. */
const LOOKS: readonly ControlName[] = ['checkpoint', 'fork'];
/** Those that mean something else when they are said once more. */
const NEWS: readonly ControlName[] = ['answer', 'signal'];

const cases = (Object.keys(CONTROLS) as ControlName[]).flatMap((control) =>
  STATES.map((state) => ({ control, state, verdict: CONTROLS[control][state] })),
);

describe('a control', () => {
  test.each(cases)('$control, while the run is $state: $verdict', async ({ control, state, verdict }) => {
    const { run, events } = await runIn(state);
    const call = CALLS[control];
    const before = events();
    if (verdict === 'no') {
      const legal = STATES.filter((one) => CONTROLS[control][one] === 'do').join(', ');
      await expect(call(run)).rejects.toMatchObject({
        code: 'WORKFLOW_STATE',
        message: `run "${run.id}" is ${state}: ${control} is possible while it is ${legal}`,
      });
      expect([run.state, events()]).toEqual([state, before]);
      return;
    }
    await call(run);
    if (verdict === 'same' || LOOKS.includes(control)) {
      expect([run.state, events()]).toEqual([state, before]);
    } else {
      expect(events()).toBeGreaterThan(before);
    }
    if (NEWS.includes(control)) return;
    const [after, now] = [events(), run.state];
    await call(run);
    expect([run.state, events()]).toEqual([now, after]);
  });

  test.each([
    ['pause', 'running', 'paused'],
    ['resume', 'paused', 'running'],
    ['resume', 'stopping', 'running'],
    ['resume', 'stopped', 'running'],
    ['stop', 'running', 'stopping'],
    ['stop', 'paused', 'stopping'],
    ['retry', 'ended', 'running'],
  ] as const)('%s turns a run that is %s into one that is %s', async (control, from, to) => {
    const { run } = await runIn(from);
    await CALLS[control](run);
    expect(run.state).toBe(to);
  });

  test('that names a step that there is not lists those there are', async () => {
    const { run } = await runIn('running');
    for (const call of [run.retry('wirte'), run.skip('wirte'), run.cancel({ steps: ['wirte'] })]) {
      await expect(call).rejects.toThrow('has no step "wirte"; it has "done", "failed"');
    }
  });
});
