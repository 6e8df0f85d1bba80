/** The public form of a task's number. */
export function taskId(seq: number): string {
  return `t${seq.toString(36)}`;
}

/** The number behind an id; `undefined` for what `taskId` never gives. */
export function taskSeq(id: string): number | undefined {
  const seq = Number.parseInt(id.slice(1), 36);
  return taskId(seq) === id && seq > 0 && Number.isSafeInteger(seq) ? seq : undefined;
}
