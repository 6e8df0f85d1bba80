import type { Limit } from '../contract/limit.ts';
import { DEFAULTS, type EngineOptions } from '../contract/options.ts';
import { FixedLimit } from './fixed-limit.ts';
import { NoLimit } from './no-limit.ts';

/** The limit that the options ask for; the queue's limit stands in for a capacity that is not given. */
export function limitFrom(options: EngineOptions, queueLimit: number): Limit {
  const admission = options.admission ?? DEFAULTS.admission;
  switch (admission.policy) {
    case 'none':
      return new NoLimit({ capacity: queueLimit });
    case 'custom':
      return admission.limit;
    default: {
      const { threshold = DEFAULTS.admission.threshold } = admission;
      return new FixedLimit({
        threshold,
        capacity: ('capacity' in admission && admission.capacity) || queueLimit,
      });
    }
  }
}
