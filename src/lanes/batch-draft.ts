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
    const { tasks } = this;
    // Nothing is known of a new agent: its first task travels alone.
    const serviceMs = agent.expectedMs === 0 ? this.bounds.quantumMs : agent.expectedMs;
    const expectedMs = this.expectedMs + serviceMs + OVERHEAD_MS;
    if (tasks.length === 0) this.closed = !agent.mayBatch || this.bounds.maxTasks === 1;
    else if (!this.mayJoin(task, agent, expectedMs)) return false;
    tasks.push(task);
    this.agents.push(agent);
    this.expectedMs = expectedMs;
    return true;
  }

  /** Whether the task joins those that are there; their payloads, which a single task's needs not be, are written. */
  private mayJoin(task: Task, agent: AgentRef, expectedMs: number): boolean {
    if (this.closed || !agent.mayBatch || expectedMs > this.bounds.quantumMs) return false;
    const { tasks } = this;
    if (tasks.length === 1) this.closed = !this.write(tasks[0]!);
    if (this.closed || !this.write(task)) return false;
    this.closed = tasks.length + 1 >= this.bounds.maxTasks || this.writer.characters > MAX_CHARACTERS;
    return true;
  }

  /**
   * Gives the batch and empties the draft. The frame's codes go to the mailbox if they fit; a single task has no
   * frame, its payload travels as it is.
   */
  take(mailbox: Int32Array): {
    readonly frame: Frame | undefined;
    readonly tasks: Task[];
    readonly agents: AgentRef[];
  } {
    const { tasks, agents } = this;
    if (tasks.length === 1) this.writer.discard();
    const taken = { frame: tasks.length === 1 ? undefined : this.writer.take(mailbox), tasks, agents };
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
