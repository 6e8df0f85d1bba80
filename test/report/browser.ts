import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { pathToFileURL } from 'node:url';

const PLACES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

/** A browser on this machine; `undefined` if there is none. */
export const BROWSER = [process.env.CHROMIUM ?? '', ...PLACES].find(
  (path) => path !== '' && existsSync(path),
);

type Answer = Record<string, unknown>;

/** How a page is looked at. */
export interface Look {
  readonly widthPx: number;
  readonly theme: 'light' | 'dark';
}

/** A page in a real browser. */
export interface OpenPage {
  /** What the page wrote to the console as a warning or worse, what it threw, and what it asked the network for. */
  readonly complaints: readonly string[];
  readonly requests: readonly string[];
  evaluate(expression: string): Promise<unknown>;
  look(look: Look): Promise<void>;
  /** The whole page as PNG. */
  screenshot(): Promise<Buffer>;
  close(): Promise<void>;
}

/** Opens a file as a double click would. Speaks the browser's debugging protocol over pipes, so needs no port. */
export async function openPage(path: string, browser: string): Promise<OpenPage> {
  const profile = await mkdtemp(join(tmpdir(), 'spillway-browser-'));
  const flags = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--remote-debugging-pipe',
  ];
  const child = spawn(browser, [...flags, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { send, events } = protocol(child);
  const complaints: string[] = [];
  const requests: string[] = [];
  const { targetInfos } = (await send('Target.getTargets')) as { targetInfos: Answer[] };
  const { targetId } = targetInfos.find(({ type }) => type === 'page')!;
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true });
  const call = (method: string, params: Answer = {}) => send(method, params, sessionId as string);
  let loaded = () => {};
  events.push(({ method, params }) => {
    const found = params as Answer;
    if (method === 'Page.loadEventFired') loaded();
    if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(found.exceptionDetails));
    if (method === 'Log.entryAdded') complaints.push(JSON.stringify(found.entry));
    if (method === 'Runtime.consoleAPICalled') complaints.push(JSON.stringify(found.args));
    if (method === 'Network.requestWillBeSent') requests.push((found.request as { url: string }).url);
  });
  for (const domain of ['Page', 'Runtime', 'Log', 'Network']) await call(`${domain}.enable`);
  const load = new Promise<void>((resolve) => {
    loaded = resolve;
  });
  await call('Page.navigate', { url: pathToFileURL(path).href });
  await load;
  const evaluate = async (expression: string) => {
    const { result } = await call('Runtime.evaluate', {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    return (result as Answer).value;
  };
  return {
    complaints,
    requests,
    evaluate,
    async look({ widthPx, theme }) {
      const media = { features: [{ name: 'prefers-color-scheme', value: theme }] };
      await call('Emulation.setEmulatedMedia', media);
      const size = { width: widthPx, height: 900, deviceScaleFactor: 1, mobile: false };
      await call('Emulation.setDeviceMetricsOverride', size);
      // Two frames: the first one tells the page its new size.
      await evaluate('new Promise((r) => requestAnimationFrame(() => requestAnimationFrame(r)))');
    },
    async screenshot() {
      const { data } = await call('Page.captureScreenshot', { captureBeyondViewport: true });
      return Buffer.from(data as string, 'base64');
    },
    async close() {
      child.kill('SIGKILL');
      await gone;
      await rm(profile, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

type Event = (message: Answer) => void;

/** Messages are JSON, each with a zero byte behind it, on the file descriptors 3 and 4. */
function protocol(child: ChildProcess) {
  const input = child.stdio[3] as Writable;
  const output = child.stdio[4] as Readable;
  const waiting = new Map<number, { resolve: (answer: Answer) => void; reject: (error: Error) => void }>();
  const events: Event[] = [];
  let lastId = 0;
  let held = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const messages = (held + text).split('\0');
    held = messages.pop()!;
    for (const message of messages.map((each) => JSON.parse(each) as Answer)) {
      const asked = waiting.get(message.id as number);
      if (asked === undefined) for (const event of events) event(message);
      else if (message.error === undefined) asked.resolve(message.result as Answer);
      else asked.reject(new Error(JSON.stringify(message.error)));
      waiting.delete(message.id as number);
    }
  });
  child.once('exit', (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`the browser ended: ${code ?? signal}`));
  });
  const send = (method: string, params: Answer = {}, sessionId?: string): Promise<Answer> => {
    const id = ++lastId;
    input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
    return new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  };
  return { send, events };
}
