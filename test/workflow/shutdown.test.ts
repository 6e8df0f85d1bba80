import { expect, test } from 'vitest';
import { builtPackage } from '../staged-package.ts';
import { run } from '../subprocess.ts';

/** Leaves runs behind in every way: nobody waits for any of their promises, and all of them would wait for long. */
const PROGRAM = `
import { createEngine, ioAgent, workflow } from 'spillway';
const engine = await createEngine({
  agents: [
    ioAgent('endless', { run: () => new Promise(() => undefined) }),
    ioAgent('failing', { run: () => Promise.reject(new Error('no')) }),
  ],
});
const fail = () => Promise.reject(new Error('no'));
const patient = { attempts: 9, backoffMs: 3_000_000 };
const inner = workflow('inner').step('endless', { agent: 'endless' }).build();
const all = [
  workflow('task').step('a', { agent: 'endless' }).build(),
  workflow('child').step('a', { workflow: inner }).build(),
  workflow('function').step('a', { run: () => new Promise(() => undefined), timeoutMs: 3_000_000 }).build(),
  workflow('retry').step('a', { run: fail, retry: patient }).build(),
  workflow('item').map('a', { over: () => [1, 2], agent: 'failing', retry: patient }).build(),
  workflow('timer').wait('a', { ms: 3_000_000 }).build(),
  workflow('undo')
    .step('a', { run: () => 1, compensate: { agent: 'failing', retry: patient } })
    .step('b', { after: 'a', run: fail })
    .build(),
];
const runs = await Promise.all(all.map((one) => engine.start(one, 0)));
for (const run of runs) for await (const { type } of run.events()) if (type === 'step-started') break;
for (const run of runs) {
  run.result();
  run.stop();
}
await engine.close({ timeoutMs: 50 });
const states = await Promise.all(runs.map((run) => run.result().catch(({ code }) => code)));
console.log(states.join(' '));
`;

test('a process whose engine was closed while runs were under way ends by itself, and nothing is unheard', async () => {
  const args = ['--input-type=module', '--eval', PROGRAM];
  const ended = await run(process.execPath, args, await builtPackage());
  expect(ended).toEqual({ code: 0, stdout: `${Array(7).fill('ENGINE_CLOSED').join(' ')}\n`, stderr: '' });
});
