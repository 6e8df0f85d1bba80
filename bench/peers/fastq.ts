import fastq from 'fastq';
import { type LoopPeer, nothingToClose } from './loop-queue.ts';

/** fastq by its promise interface. */
export const fastqPromise: LoopPeer = {
  name: 'fastq-promise',
  async open(work, limit) {
    const queue = fastq.promise<unknown, number, number>(work, limit);
    return { run: (input) => queue.push(input), close: nothingToClose };
  },
};

/** fastq by its callback interface, with the least around it that gives the caller a promise. */
export const fastqCallback: LoopPeer = {
  name: 'fastq-callback',
  async open(work, limit) {
    const queue = fastq<unknown, number, number>((input, done) => {
      work(input).then((value) => done(null, value), done);
    }, limit);
    return {
      run: (input) =>
        new Promise((resolve, reject) => {
          queue.push(input, (error, value) => (error ? reject(error) : resolve(value)));
        }),
      close: nothingToClose,
    };
  },
};
