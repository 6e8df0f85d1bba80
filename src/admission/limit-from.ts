import type { Limit } from '../contract/limit.ts';
import { DEFAULTS, type EngineOptions } from '../contract/options.ts';
import { FixedLimit } from './fixed-limit.ts';
import { NoLimit } from './no-limit.ts';

/**
 * The one limit for all tasks that the options ask for; the queue's limit stands in for a capacity that is not given.
 * `undefined` for the adaptive policy, under which each station decides for itself.
 */
export function limitFrom(options: EngineOptions, queueLimit: number): Limit | undefined {
  const { admission } = options;
  switch (admission?.policy) {
    case 'none':
      return new NoLimit({ capacity: queueLimit });
    case 'custom':
      return admission.limit;
    case 'fixed': {
      const { threshold = DEFAULTS.fixed.threshold, capacity = queueLimit } = admission;
      return new FixedLimit({ threshold, capacity });
    }
    default:
      return undefined;
  }
}
