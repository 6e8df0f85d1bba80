import { createInterface, type Interface } from 'node:readline';
import type { Workflow } from '../contract/workflow-definition.ts';
import type { Answer } from '../contract/workflow-run.ts';
import type { Terminal } from './terminal.ts';
import { answerFrom, invalid, type Named } from './workflow-input.ts';
import { type Waiting, withoutItem } from './workflow-waiting.ts';

/** Answers that were given beforehand: each is used once for a step, or for each of its items. */
export class Answers {
  readonly #given: ReadonlyMap<string, Answer>;
  readonly #used = new Set<string>();

  /** @throws ConfigError for a step that there is not */
  constructor(given: readonly Named<Answer>[], { steps }: Workflow) {
    for (const { name } of given) {
      // What is behind a slash is a step of the workflow that does the step's work.
      if (steps.some((step) => step.name === name || step.name === withoutItem(name).split('/', 1)[0]))
        continue;
      const known = steps.map((step) => step.name).join(', ');
      throw invalid('--answer', `the workflow has no step "${name}"; it has ${known}`, name);
    }
    this.#given = new Map(given.map(({ name, value }) => [name, value]));
  }

  take({ name }: Waiting): Answer | undefined {
    const answer = this.#given.get(name) ?? this.#given.get(withoutItem(name));
    if (answer === undefined || this.#used.has(name)) return undefined;
    this.#used.add(name);
    return answer;
  }
}

/** Asks a person at the terminal. */
export class Questions {
  readonly #terminal: Terminal;
  readonly #lines: Interface;
  #asked: ((line: string | undefined) => void) | undefined;
  #isClosed = false;

  constructor(terminal: Terminal) {
    this.#terminal = terminal;
    // As a terminal's own line: Ctrl-C stays a signal.
    this.#lines = createInterface({ input: terminal.process.stdin, terminal: false });
    this.#lines.on('line', (line) => this.#asked?.(line));
    this.#lines.on('close', () => this.close());
  }

  /** `undefined` if nobody will say anything any more. */
  async ask({ name, question }: Waiting): Promise<Answer | undefined> {
    const { stderr } = this.#terminal;
    stderr.write(`\n${name}: ${question}\n`);
    while (!this.#isClosed) {
      // What was typed before it was asked for is no answer.
      const typed = new Promise<string | undefined>((resolve) => {
        this.#asked = resolve;
      });
      stderr.write('a value (JSON, or text), retry, or refuse: why > ');
      const line = await typed;
      if (line === undefined) return undefined;
      const said = line.trim();
      if (said !== '') return answerFrom(said) ?? { value: valueIn(said) };
    }
    return undefined;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#lines.close();
    this.#asked?.(undefined);
  }
}

function valueIn(said: string): unknown {
  if (/^(y|yes)$/i.test(said)) return true;
  if (/^(n|no)$/i.test(said)) return false;
  try {
    return JSON.parse(said);
  } catch {
    // Text is a value too.
    return said;
  }
}
