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
  /** Set if the one task of this batch has a payload that is not flat. */
  raw = false;
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
    if (!this.write(task)) {
      if (!first) return false;
      this.raw = true;
    }
    this.tasks.push(task);
    this.agents.push(agent);
    this.expectedMs = expectedMs;
    this.closed =
      this.raw ||
      !agent.idempotent ||
      this.tasks.length >= this.bounds.maxTasks ||
      this.writer.characters > MAX_CHARACTERS;
    return true;
  }

  /** Gives the frame, or `undefined` if the payload is raw, and empties the draft. */
  take(): { readonly frame: Frame | undefined; readonly tasks: Task[]; readonly agents: AgentRef[] } {
    const taken = {
      frame: this.raw ? undefined : this.writer.take(),
      tasks: this.tasks,
      agents: this.agents,
    };
    this.tasks = [];
    this.agents = [];
    this.raw = false;
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
