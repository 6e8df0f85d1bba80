import { Agent, type IncomingMessage, request } from 'node:http';
import { UPSTREAM_DEFAULTS } from '../../src/upstream/options.ts';

/** Calls to the bundled upstream over connections that are kept. */
export interface Calls {
  /** Resolves with the length of the answer in characters. Rejects if the status is not 200. */
  readonly call: (outputTokens: number) => Promise<number>;
  /** Drops the connections. */
  close(): void;
}

/** The cheapest real client, so that the calls' own work does not decide: Node's. */
export function openCalls(baseUrl: string): Calls {
  const agent = new Agent({ keepAlive: true });
  const url = new URL(`${baseUrl}/chat/completions`);
  return {
    call: (outputTokens) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify({
          model: UPSTREAM_DEFAULTS.model,
          messages: [{ role: 'user', content: 'A full queue sheds.' }],
          max_completion_tokens: outputTokens,
        });
        const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) };
        const sent = request(url, { method: 'POST', agent, headers }, (response) =>
          readAnswer(response, resolve, reject),
        );
        sent.on('error', reject);
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}

function readAnswer(
  response: IncomingMessage,
  resolve: (length: number) => void,
  reject: (error: Error) => void,
): void {
  let length = 0;
  response.setEncoding('utf8');
  response.on('data', (text: string) => {
    length += text.length;
  });
  response.on('error', reject);
  response.on('end', () => {
    if (response.statusCode === 200) resolve(length);
    else reject(new Error(`the upstream answered ${response.statusCode}`));
  });
}
