import type { IncomingMessage } from 'node:http';
import { RequestError } from './protocol.ts';

/** Reads a request's body as UTF-8. @throws RequestError 413 as soon as it is larger than `maxBytes`. */
export async function readBody(request: IncomingMessage, maxBytes: number): Promise<string> {
  if (Number(request.headers['content-length'] ?? 0) > maxBytes) throw tooLarge(maxBytes);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > maxBytes) throw tooLarge(maxBytes);
    parts.push(part);
  }
  return Buffer.concat(parts).toString('utf8');
}

function tooLarge(maxBytes: number): RequestError {
  // What is left of the body is not read, so the connection cannot serve another request.
  const headers = { connection: 'close' };
  return new RequestError(413, 'body_too_large', `the body is larger than ${maxBytes} bytes`, { headers });
}
