import type { SpillwayError } from '../contract/errors.ts';
import type { WorkflowResult } from '../contract/workflow.ts';
import { settleable } from '../workflow/settleable.ts';
import type { EventFile } from './event-file.ts';
import { printJson, printOut } from './print-out.ts';
import { onStopSignals, type StoppedError } from './stop-signal.ts';
import { EXIT, type Terminal } from './terminal.ts';
import { type Answers, Questions } from './workflow-answers.ts';
import { showWorkflow, type WorkflowDisplay } from './workflow-display.ts';
import { howToAnswer, isStuck, type RunTree, waitingIn } from './workflow-waiting.ts';

/** How often it is seen whether somebody has to be asked, in milliseconds. */
const LOOK_EVERY_MS = 50;
/** Of a run with very many steps less often: after so many times as long as a look takes. */
const LOOK_SHARE = 30;

export interface AttendOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly events: EventFile | undefined;
}

/** A run that is shown, answered and stopped from the command line. */
export class AttendedRun {
  readonly #tree: RunTree;
  readonly #answers: Answers;
  readonly #terminal: Terminal;
  readonly #options: AttendOptions;
  readonly #display: WorkflowDisplay;
  #questions: Questions | undefined;
  #isAsking = false;
  #stopped: StoppedError | undefined;
  #isParked = false;
  readonly #parked = settleable<void>();
  /** What keeps us from going on. */
  readonly #broken = settleable<never>();

  constructor(tree: RunTree, answers: Answers, terminal: Terminal, options: AttendOptions) {
    this.#tree = tree;
    this.#answers = answers;
    this.#terminal = terminal;
    this.#options = options;
    this.#display = showWorkflow(() => tree.run.status(), terminal, options.quiet === true);
  }

  /** @returns the exit code */
  async toItsEnd(): Promise<number> {
    const { run } = this.#tree;
    const forget = onStopSignals(this.#terminal.process, [
      (stopped) => this.#stop(stopped),
      (stopped) => this.#cancel(stopped),
    ]);
    // One that cannot go on has no more events.
    run.result().catch(this.#broken.reject);
    const stopLooking = this.#lookAgain();
    try {
      await Promise.race([this.#follow(), this.#parked.promise, this.#broken.promise]);
    } finally {
      forget();
      stopLooking();
      this.#questions?.close();
      this.#display.stop();
    }
    return run.state === 'ended' ? this.#printResult(await run.result()) : this.#printStopped();
  }

  async #follow(): Promise<void> {
    for await (const event of this.#tree.run.events()) {
      this.#display.changed();
      await this.#options.events?.write(event);
      if (event.type === 'run-ended' || event.type === 'run-stopped') return;
    }
  }

  /** Looks every now and then whether somebody has to say something. Returns what ends that. */
  #lookAgain(): () => void {
    let isOver = false;
    let stopTimer: () => void = () => {};
    const look = async (): Promise<void> => {
      const { clock } = this.#terminal;
      const startedMs = clock.now();
      await this.#attend().catch(this.#failed);
      const everyMs = Math.max(LOOK_EVERY_MS, LOOK_SHARE * (clock.now() - startedMs));
      // This keeps the process alive while all waits for somebody.
      if (!isOver) stopTimer = clock.schedule(everyMs, () => void look());
    };
    void look();
    return () => {
      isOver = true;
      stopTimer();
    };
  }

  async #attend(): Promise<void> {
    for (const waiting of waitingIn(this.#tree)) {
      const answer = this.#answers.take(waiting);
      if (answer !== undefined) await waiting.run.answer(waiting.step, answer, waiting.item);
    }
    if (this.#canAsk) this.#askNext();
    else if (!this.#isParked && isStuck(this.#tree)) {
      this.#isParked = true;
      // What waits for ever would never have ended.
      this.#tree.run.stop().catch(this.#failed);
      this.#parked.resolve();
    }
  }

  get #canAsk(): boolean {
    const { stderr, process } = this.#terminal;
    return stderr.isTTY === true && process.stdin.isTTY === true && this.#stopped === undefined;
  }

  #askNext(): void {
    const [first] = waitingIn(this.#tree);
    if (this.#isAsking || first === undefined) return;
    this.#isAsking = true;
    this.#questions ??= new Questions(this.#terminal);
    this.#display.pause();
    const answered = async (): Promise<void> => {
      const answer = await this.#questions?.ask(first);
      // The terminal has gone.
      if (answer === undefined) {
        await this.#tree.run.stop();
        return;
      }
      await first.run.answer(first.step, answer, first.item);
      this.#isAsking = false;
      this.#display.resume();
    };
    answered().catch(this.#failed);
  }

  #stop(stopped: StoppedError): void {
    this.#stopped = stopped;
    this.#questions?.close();
    this.#say('stopping: what runs is finished; Ctrl-C again cancels it');
    this.#tree.run.stop().catch(this.#failed);
  }

  #cancel(stopped: StoppedError): void {
    this.#stopped = stopped;
    this.#say('cancelling; Ctrl-C again ends the process at once');
    this.#tree.run.cancel().catch(this.#failed);
  }

  #say(text: string): void {
    this.#display.pause();
    this.#terminal.stderr.write(`\nspillway: ${text}\n`);
    this.#display.resume();
  }

  /** What is asked of a run that has just ended, or was just stopped, is of no interest. */
  readonly #failed = (error: unknown): void => {
    if ((error as Partial<SpillwayError>).code !== 'WORKFLOW_STATE') this.#broken.reject(error);
  };

  async #printResult(result: WorkflowResult): Promise<number> {
    const { run } = this.#tree;
    if (this.#options.json) {
      await printJson(this.#terminal, { run: run.id, ...result });
    } else {
      const { resultText } = await import('./workflow-result-text.ts');
      await printOut(this.#terminal, resultText(run.id, result));
    }
    if (this.#stopped !== undefined && result.status === 'failed') return this.#stopped.exitCode;
    return { success: EXIT.ok, partial: EXIT.partial, failed: EXIT.failed }[result.status];
  }

  async #printStopped(): Promise<number> {
    const { run } = this.#tree;
    const text = this.#isParked
      ? `${run.id}: stopped, because it waits for somebody\n${howToAnswer(this.#tree)}`
      : `${run.id}: stopped before its end\n`;
    if (this.#options.json) {
      const nothing = { data: null, metadata: null, errors: [], compensated: [], needsAttention: [] };
      const status = this.#isParked ? 'parked' : 'stopped';
      await printJson(this.#terminal, { run: run.id, status, ...nothing, progress: run.status() });
      this.#terminal.stderr.write(text);
    } else {
      await printOut(this.#terminal, text);
    }
    return this.#isParked ? EXIT.parked : (this.#stopped?.exitCode ?? EXIT.failed);
  }
}
