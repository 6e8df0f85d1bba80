import type { HandlerLoadError } from '../contract/errors.ts';

/** Whether threads can load an agent: known once one has, or could not. */
export class LoadVerdict {
  isKnown = false;
  /** The first, if there were several. */
  error: HandlerLoadError | undefined = undefined;
  settle!: () => void;
  fail!: (error: Error) => void;
  readonly known = new Promise<void>((resolve, reject) => {
    this.settle = () => {
      this.isKnown = true;
      resolve();
    };
    this.fail = reject;
  });

  constructor() {
    // Most are never waited for.
    this.known.catch(() => undefined);
  }

  refuse(error: HandlerLoadError): void {
    this.error ??= error;
    this.settle();
  }
}
