import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers one request. */
export type Step = (response: ServerResponse, request: IncomingMessage) => void;

/** An endpoint that answers chat calls as a script says, the last step over and over. */
export async function scriptedEndpoint(steps: readonly Step[], models: Step = NO_MODELS) {
  let calls = 0;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      if (request.url?.endsWith('/models')) return models(response, request);
      const step = steps[Math.min(calls, steps.length - 1)]!;
      calls += 1;
      step(response, request);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http://127.0.0.1:${port}/v1`,
    calls: () => calls,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export function json(status: number, body: object, headers: Record<string, string> = {}): Step {
  return (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(JSON.stringify(body));
  };
}

export function refuse(status: number, headers: Record<string, string> = {}, code = 'refused'): Step {
  return json(
    status,
    { error: { message: `refused with ${status}`, type: 'test', param: null, code } },
    headers,
  );
}

/** A streamed answer in two parts. */
export function answer(text: string): Step {
  return (response) => {
    startStream(response);
    const middle = Math.ceil(text.length / 2);
    for (const content of [text.slice(0, middle), text.slice(middle)])
      response.write(event({ content }, null));
    response.write(event({}, 'stop'));
    response.end('data: [DONE]\n\n');
  };
}

/** A stream that is closed after its first part, cleanly or not. */
export function breakOff(how: 'end' | 'destroy'): Step {
  return (response) => {
    startStream(response);
    response.write(event({ content: 'half an ans' }, null), () => {
      if (how === 'end') response.end();
      else response.destroy();
    });
  };
}

/** A stream that says something and then nothing more. */
export const hang: Step = (response) => {
  startStream(response);
  response.write(event({ content: 'one moment' }, null));
};

function startStream(response: ServerResponse): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
}

function event(delta: object, finish: string | null): string {
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ id: 'x', object: 'chat.completion.chunk', created: 0, model: 'm', choices })}\n\n`;
}

const NO_MODELS = json(200, { object: 'list', data: [] });
