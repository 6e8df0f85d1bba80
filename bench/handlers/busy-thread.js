import { parentPort } from 'node:worker_threads';
import { spin } from './work.js';

/** A bare thread: gets a whole list of work at once, and says when it is through. */
parentPort.on('message', (list) => {
  const results = list.map(spin);
  parentPort.postMessage(results);
});
