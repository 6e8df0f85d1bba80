import type { StepStatus } from '../contract/workflow.ts';
import type { WorkflowStatus } from '../contract/workflow-status.ts';
import type { Terminal } from './terminal.ts';
import { type Canvas, changeLine, plainLine, treeLines } from './workflow-tree.ts';

/** Between two pictures on a terminal, in milliseconds. */
const DRAW_EVERY_MS = 125;
/** Of a run with very many steps less often: after so many times as long as drawing takes. */
const DRAW_SHARE = 30;
/** Between two lines about the whole where there is no terminal, in milliseconds. */
const LINE_EVERY_MS = 3_000;

/** Shows how far a run is. */
export interface WorkflowDisplay {
  /** Something has happened. */
  changed(): void;
  /** Takes the picture off the screen, so that somebody can be asked; `resume` brings it back. */
  pause(): void;
  resume(): void;
  /** Shows the last picture, which stays. */
  stop(): void;
}

/** What is shown. */
type Shown = () => WorkflowStatus;

/** A picture that is drawn anew in place on a terminal, lines about what has changed elsewhere, nothing if quiet. */
export function showWorkflow(shown: Shown, terminal: Terminal, isQuiet: boolean): WorkflowDisplay {
  if (isQuiet) return { changed() {}, pause() {}, resume() {}, stop() {} };
  return terminal.stderr.isTTY ? new LiveTree(shown, terminal) : new ChangeLines(shown, terminal);
}

class LiveTree implements WorkflowDisplay {
  readonly #shown: Shown;
  readonly #terminal: Terminal;
  /** Lines on the screen. */
  #drawn = 0;
  #stopTimer: (() => void) | undefined;

  constructor(shown: Shown, terminal: Terminal) {
    this.#shown = shown;
    this.#terminal = terminal;
    this.resume();
  }

  changed(): void {}

  /** What is said below the picture stays there, and the next one is drawn below that. */
  pause(): void {
    this.#stopTimer?.();
    this.#drawn = 0;
  }

  resume(): void {
    const { clock } = this.#terminal;
    const startedMs = clock.now();
    this.#draw();
    const everyMs = Math.max(DRAW_EVERY_MS, DRAW_SHARE * (clock.now() - startedMs));
    this.#stopTimer = clock.schedule(everyMs, () => this.resume(), true);
  }

  stop(): void {
    this.#stopTimer?.();
    this.#draw();
  }

  #draw(): void {
    const { stderr } = this.#terminal;
    const lines = treeLines(this.#shown(), canvasOf(this.#terminal));
    const up = this.#drawn === 0 ? '' : `\u001b[${this.#drawn}A\r`;
    stderr.write(`${up}\u001b[J${lines.join('\n')}\n`);
    this.#drawn = lines.length;
  }
}

class ChangeLines implements WorkflowDisplay {
  readonly #shown: Shown;
  readonly #terminal: Terminal;
  #before = new Map<string, StepStatus>();
  #isDue = false;
  #lastMs: number;

  constructor(shown: Shown, terminal: Terminal) {
    this.#shown = shown;
    this.#terminal = terminal;
    this.#lastMs = terminal.clock.now();
  }

  /** Once for all that happens in one turn of the event loop. */
  changed(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#terminal.clock.defer(() => {
      this.#isDue = false;
      this.#tell();
    });
  }

  pause(): void {}
  resume(): void {}

  stop(): void {
    this.#tell();
    this.#isDue = true;
  }

  #tell(): void {
    const { clock, stderr } = this.#terminal;
    const status = this.#shown();
    const lines: string[] = [];
    for (const step of status.steps) {
      if (step.status === (this.#before.get(step.step) ?? 'waiting')) continue;
      this.#before.set(step.step, step.status);
      lines.push(changeLine(step));
    }
    if (clock.now() - this.#lastMs >= LINE_EVERY_MS) {
      this.#lastMs = clock.now();
      lines.push(plainLine(status, canvasOf(this.#terminal)));
    }
    if (lines.length > 0) stderr.write(`${lines.join('\n')}\n`);
  }
}

function canvasOf({ stderr, env, wallNow }: Terminal): Canvas {
  return {
    columns: Math.max(20, stderr.columns || 80),
    rows: Math.max(5, stderr.rows || 24),
    hasColor: stderr.isTTY && !env.NO_COLOR && env.TERM !== 'dumb',
    nowMs: wallNow(),
  };
}
