import type { Frame } from '../contract/frame.ts';
import { FrameWriter } from '../contract/frame-writer.ts';
import type { AgentRef, Task } from '../contract/task.ts';

/** What bounds a batch. */
export interface BatchBounds {
  /** What a batch should last on its thread, in milliseconds. */
  readonly quantumMs: number;
  readonly maxTasks: number;
}

/** Most characters of text in a batch; larger payloads travel alone. */
const MAX_CHARACTERS = 262_144;
/** What a task costs on a thread beside its handler, in milliseconds. */
const OVERHEAD_MS = 0.002;

/**
 * A batch in the making. It takes tasks as long as their measured service times add up to the quantum, so a long task
 * travels alone and nothing waits for a batch to fill: what is there when the batch is made goes with it.
 */
export class BatchDraft {
  private readonly bounds: BatchBounds;
  private readonly writer = new FrameWriter();
  private closed = false;
  tasks: Task[] = [];
  agents: AgentRef[] = [];
  expectedMs = 0;

  constructor(bounds: BatchBounds) {
    this.bounds = bounds;
  }

  /** Adds the task if it belongs into this batch. The first one always does. */
  offer(task: Task, agent: AgentRef): boolean {
    const first = this.tasks.length === 0;
    // Nothing is known of a new agent: its first task travels alone.
    const serviceMs = agent.expectedMs === 0 ? this.bounds.quantumMs : agent.expectedMs;
    const expectedMs = this.expectedMs + serviceMs + OVERHEAD_MS;
    if (!first && (this.closed || !agent.idempotent || expectedMs > this.bounds.quantumMs)) return false;
    const flat = this.write(task);
    if (!flat && !first) return false;
    this.tasks.push(task);
    this.agents.push(agent);
    this.expectedMs = expectedMs;
    this.closed =
      !flat ||
      !agent.idempotent ||
      this.tasks.length >= this.bounds.maxTasks ||
      this.writer.characters > MAX_CHARACTERS;
    return true;
  }

  /** Gives the frame, or `undefined` for a single task, whose payload travels as it is; empties the draft. */
  take(): { readonly frame: Frame | undefined; readonly tasks: Task[]; readonly agents: AgentRef[] } {
    const { tasks, agents } = this;
    const single = tasks.length === 1;
    if (single) this.writer.discard();
    const taken = { frame: single ? undefined : this.writer.take(), tasks, agents };
    this.tasks = [];
    this.agents = [];
    this.closed = false;
    this.expectedMs = 0;
    return taken;
  }

  private write(task: Task): boolean {
    if (task.extras?.transfer !== undefined) return false;
    try {
      return this.writer.append(task.payload);
    } catch {
      // A getter of the payload threw. Posting it as it is throws again, where it becomes the task's failure.
      return false;
    }
  }
}
