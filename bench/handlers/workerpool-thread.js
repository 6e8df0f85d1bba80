import workerpool from 'workerpool';
import { echo, spin } from './work.js';

workerpool.worker({ echo, spin });
