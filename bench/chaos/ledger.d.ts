export const LEDGER_KEY: string;
export const LEDGER_FILE: string;

export class Ledger {
  readonly memory: SharedArrayBuffer;
  /** How often the handler of each task was entered. */
  readonly begun: Uint8Array;
  /** How often it came to its end, by returning or by throwing on purpose. */
  readonly done: Uint8Array;
  constructor(memory: SharedArrayBuffer);
  static of(tasks: number): Ledger;
  static here(): Ledger | LedgerFile;
  begin(task: number): number;
  end(task: number): void;
  addFile(path: string): void;
}

export class LedgerFile {
  constructor(path: string);
  static create(path: string, tasks: number): void;
  begin(task: number): number;
  end(task: number): void;
}

export function answerOf(task: number): number;
