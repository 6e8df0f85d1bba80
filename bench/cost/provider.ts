import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** When a request arrived, and how many tokens it was answered with. */
export interface Arrival {
  readonly atMs: number;
  readonly tokens: number;
}

/** A provider on this machine: answers each call after a while with what it used, and writes down when it came. */
export class Provider {
  private readonly server: Server;
  readonly arrivals: Arrival[] = [];

  constructor() {
    this.server = createServer((request, response) => {
      const [, tokens = 0, serviceMs = 0] = request.url!.split('/').map(Number);
      this.arrivals.push({ atMs: performance.now(), tokens });
      setTimeout(() => response.end(String(tokens)), serviceMs);
    });
  }

  async open(): Promise<(tokens: number, serviceMs: number) => Promise<number>> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
    const { port } = this.server.address() as AddressInfo;
    return async (tokens, serviceMs) => {
      const response = await fetch(`http://127.0.0.1:${port}/${tokens}/${serviceMs}`);
      return Number(await response.text());
    };
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** The most that any window held. */
export function fullestWindow(
  arrivals: readonly Arrival[],
  windowMs: number,
  amountOf: (arrival: Arrival) => number,
): number {
  let most = 0;
  let sum = 0;
  let first = 0;
  for (const arrival of arrivals) {
    sum += amountOf(arrival);
    while (arrivals[first]!.atMs < arrival.atMs - windowMs) sum -= amountOf(arrivals[first++]!);
    most = Math.max(most, sum);
  }
  return most;
}
