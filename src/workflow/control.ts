import { SpillwayError } from '../contract/errors.ts';
import type { RunStatus } from '../contract/workflow.ts';

/** What somebody can ask of a run. */
export type ControlName =
  | 'pause'
  | 'resume'
  | 'stop'
  | 'cancel'
  | 'cancel steps'
  | 'retry'
  | 'skip'
  | 'answer'
  | 'signal'
  | 'checkpoint'
  | 'fork';

/** `do`: it has its effect; `same`: it has had it already, and nothing happens; `no`: it is refused. */
type Verdict = 'do' | 'same' | 'no';

/** What is legal in which state. The one table there is. */
export const CONTROLS: Readonly<Record<ControlName, Readonly<Record<RunStatus, Verdict>>>> = {
  //               running          paused          stopping          stopped          compensating        ended
  pause: row('do', 'same', 'no', 'no', 'no', 'no'),
  resume: row('same', 'do', 'do', 'do', 'no', 'no'),
  stop: row('do', 'do', 'same', 'same', 'no', 'no'),
  cancel: row('do', 'do', 'do', 'do', 'same', 'same'),
  'cancel steps': row('do', 'do', 'do', 'do', 'no', 'no'),
  retry: row('do', 'do', 'no', 'do', 'no', 'do'),
  skip: row('do', 'do', 'do', 'do', 'no', 'no'),
  answer: row('do', 'do', 'do', 'do', 'no', 'no'),
  signal: row('do', 'do', 'do', 'do', 'no', 'no'),
  checkpoint: row('do', 'do', 'do', 'do', 'do', 'do'),
  fork: row('do', 'do', 'do', 'do', 'do', 'do'),
};

function row(...verdicts: readonly [Verdict, Verdict, Verdict, Verdict, Verdict, Verdict]) {
  const [running, paused, stopping, stopped, compensating, ended] = verdicts;
  return { running, paused, stopping, stopped, compensating, ended };
}

/** @returns whether there is something to do. @throws SpillwayError `WORKFLOW_STATE` where it is refused */
export function mayControl(control: ControlName, status: RunStatus, run: string): boolean {
  const verdict = CONTROLS[control][status];
  if (verdict !== 'no') return verdict === 'do';
  const legal = (Object.keys(CONTROLS[control]) as RunStatus[]).filter(
    (one) => CONTROLS[control][one] === 'do',
  );
  throw illegal(`run "${run}" is ${status}: ${control} is possible while it is ${legal.join(', ')}`);
}

export function illegal(message: string): SpillwayError {
  return new SpillwayError('WORKFLOW_STATE', message);
}
