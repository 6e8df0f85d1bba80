/** The public form of a task's number. */
export function taskId(seq: number): string {
  return `t${seq.toString(36)}`;
}
