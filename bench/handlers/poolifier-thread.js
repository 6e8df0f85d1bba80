import { workerData } from 'node:worker_threads';
import { ThreadWorker } from 'poolifier';
import { echo, spin } from './work.js';

// One function, which is then the default: no name has to travel with each task.
export default new ThreadWorker({ echo, spin }[workerData.handler]);
