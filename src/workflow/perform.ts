import type { TaskOptions } from '../contract/handle.ts';
import type { StandardSchema } from '../contract/standard-schema.ts';
import { type OfWaiter, WAITER } from '../contract/waiter.ts';
import type { StepError, WorkflowResult } from '../contract/workflow.ts';
import type { AnyContext, Work, Workflow } from '../contract/workflow-definition.ts';
import type { ChildRun, RunPort } from './execution.ts';
import { type Sending, type SendingEnd, SingleSending } from './sending.ts';
import type { SpentSum } from './spent.ts';
import { urgencyOf } from './step-context.ts';
import { errorOfOutcome, errorOfThrown, stepError } from './step-error.ts';

/** What the end of a piece of work means to it. */
export interface PieceEnd {
  readonly step: string;
  readonly item: number | undefined;
  readonly output: StandardSchema | undefined;
  /** Adds what it has used. */
  readonly spent: SpentSum;
  /** Called once. */
  done(error: StepError | undefined, value: unknown): void;
}

/** What one piece of work is. */
export interface Piece extends PieceEnd {
  readonly work: Work;
  readonly input: unknown;
  readonly context: AnyContext;
  readonly options: TaskOptions & OfWaiter;
  /** It was under way before, if at all: it is not begun anew. See `ChildStart`. */
  readonly isKept?: boolean;
}

/**
 * Ends a piece of work early; `done` is still called. Gently: only if it has not begun, as what it does could not be
 * undone without what it gives.
 */
export type CancelPiece = (gently?: boolean) => void;

/** Does a piece of work, whoever does it. */
export function perform(port: RunPort, piece: Piece): CancelPiece {
  const { work } = piece;
  switch (work.kind) {
    case 'agent':
      return sendTask(port, piece, work.agent);
    case 'capability':
      return sendTask(port, piece, work);
    case 'function':
      return callFunction(port, piece, work.run as (input: unknown, context: unknown) => unknown);
    case 'workflow':
      return runChild(port, piece, work.workflow);
  }
}

function sendTask(port: RunPort, piece: Piece, target: Sending['target']): CancelPiece {
  const sending = new PieceTask(piece, target, urgencyOf(port, piece.step));
  port.sender.send(sending);
  return (gently) => cancelSending(port, sending, gently);
}

export function cancelSending({ sender }: RunPort, sending: Sending, gently: boolean | undefined): void {
  if (!gently || sending.handle?.state !== 'running') sender.cancel(sending);
}

class PieceTask extends SingleSending {
  readonly #piece: Piece;

  constructor(piece: Piece, target: Sending['target'], urgency: number) {
    super(target, piece.input, piece.options, urgency);
    this.#piece = piece;
  }

  ended(end: SendingEnd): void {
    endPiece(this.#piece, end);
  }
}

/** What the end of its task means for a piece of work. */
export function endPiece(piece: PieceEnd, end: SendingEnd): void {
  const { step, item } = piece;
  if (end.status === 'completed') {
    piece.spent.add(end);
    checkOutput(piece, end.value);
  } else if (end.status === 'refused') {
    const { error } = end;
    piece.done(
      error === undefined
        ? stepError(step, item, 'CANCELLED', `step "${step}" was cancelled before its task was taken`)
        : errorOfThrown(step, item, 'the task', error),
      undefined,
    );
  } else {
    if (end.status !== 'rejected') piece.spent.add(end);
    piece.done(errorOfOutcome(step, item, end), undefined);
  }
}

function callFunction(
  port: RunPort,
  piece: Piece,
  run: (input: unknown, context: unknown) => unknown,
): CancelPiece {
  const { step, item, options } = piece;
  let isOver = false;
  const end = (error: StepError | undefined, value: unknown): void => {
    if (isOver) return;
    isOver = true;
    stopTimer?.();
    if (error === undefined) checkOutput(piece, value);
    else piece.done(error, undefined);
  };
  const { timeoutMs } = options;
  const stopTimer =
    timeoutMs === undefined
      ? undefined
      : port.clock.schedule(timeoutMs, () =>
          end(
            stepError(step, item, 'TIMEOUT', `step "${step}" did not end within ${timeoutMs} ms`),
            undefined,
          ),
        );
  try {
    const value = run(piece.input, piece.context);
    if (isPromise(value)) {
      value.then(
        (settled) => end(undefined, settled),
        (error: unknown) => end(errorOfThrown(step, item, 'the function', error), undefined),
      );
    } else {
      end(undefined, value);
    }
  } catch (error) {
    end(errorOfThrown(step, item, 'the function', error), undefined);
  }
  return (gently) => {
    if (!gently) end(stepError(step, item, 'CANCELLED', `step "${step}" was cancelled`), undefined);
  };
}

function runChild(
  port: RunPort,
  piece: Piece,
  of: Extract<Work, { kind: 'workflow' }>['workflow'],
): CancelPiece {
  const { step, item } = piece;
  const path = item === undefined ? step : `${step}/${item}`;
  const { timeoutMs } = piece.options;
  let isLate = false;
  let workflow: Workflow;
  let child: ChildRun;
  try {
    workflow =
      typeof of === 'function'
        ? (of as (input: unknown, context: unknown) => Workflow)(piece.input, piece.context)
        : of;
    child = port.startChild({
      workflow,
      input: piece.input,
      name: path,
      waiter: piece.options[WAITER],
      isKept: piece.isKept ?? false,
    });
  } catch (error) {
    piece.done(errorOfThrown(step, item, 'the workflow', error), undefined);
    return () => undefined;
  }
  // It ends in its own way, for it may have things to undo.
  const stopTimer =
    timeoutMs === undefined
      ? undefined
      : port.clock.schedule(timeoutMs, () => {
          isLate = true;
          child.cancel();
        });
  child.ended.then(
    (result) => {
      stopTimer?.();
      piece.spent.addRun(result, path);
      if (result.status === 'failed') piece.done(errorOfRun(piece, workflow.id, result, isLate), undefined);
      else checkOutput(piece, result.data);
    },
    (error: unknown) => {
      stopTimer?.();
      piece.done(errorOfThrown(step, item, 'the workflow', error), undefined);
    },
  );
  return () => {
    stopTimer?.();
    child.cancel();
  };
}

function errorOfRun(
  { step, item, options }: Piece,
  workflow: string,
  { errors }: WorkflowResult,
  isLate: boolean,
): StepError {
  if (isLate) {
    const message = `workflow "${workflow}" of step "${step}" did not end within ${options.timeoutMs} ms`;
    return stepError(step, item, 'TIMEOUT', message);
  }
  const [first] = errors;
  const why = first === undefined ? 'it was cancelled' : `${first.step}: ${first.message}`;
  const error = stepError(step, item, 'STEP_FAILED', `workflow "${workflow}" failed: ${why}`);
  return first === undefined ? error : { ...error, suggestion: first.suggestion, retryable: first.retryable };
}

function checkOutput(piece: PieceEnd, value: unknown): void {
  const { output } = piece;
  if (output === undefined) {
    piece.done(undefined, value);
    return;
  }
  try {
    const result = output['~standard'].validate(value);
    if (isPromise(result)) {
      result.then(
        (settled) => take(piece, settled),
        (error: unknown) =>
          piece.done(errorOfThrown(piece.step, piece.item, 'the output schema', error), undefined),
      );
    } else {
      take(piece, result as Awaited<typeof result>);
    }
  } catch (error) {
    piece.done(errorOfThrown(piece.step, piece.item, 'the output schema', error), undefined);
  }
}

/** Of what a schema says is wrong. */
const MOST_ISSUES = 5;

function take(piece: PieceEnd, result: Awaited<ReturnType<StandardSchema['~standard']['validate']>>): void {
  if (result.issues === undefined) {
    piece.done(undefined, result.value);
    return;
  }
  const told = result.issues.slice(0, MOST_ISSUES).map(({ path = [], message }) => {
    const where = path.map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
    return where === '' ? `: ${message}` : ` at ${where}: ${message}`;
  });
  const more = result.issues.length - told.length;
  if (more > 0) told.push(` and ${more} more`);
  const message = `the output of step "${piece.step}" does not match its schema${told.join(';')}`;
  piece.done(stepError(piece.step, piece.item, 'STEP_FAILED', message), undefined);
}

export function isPromise<T>(value: unknown): value is Promise<T> {
  return typeof value === 'object' && value !== null && typeof (value as Promise<T>).then === 'function';
}
