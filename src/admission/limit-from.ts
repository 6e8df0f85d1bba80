import type { Limit } from '../contract/limit.ts';
import { type AdaptiveOptions, DEFAULTS, type EngineOptions } from '../contract/options.ts';
import { systemProbe } from '../contract/probe.ts';
import { FixedLimit } from './fixed-limit.ts';
import type { Flow } from './flow.ts';
import { Guard } from './guard.ts';
import { NoLimit } from './no-limit.ts';
import type { Station } from './station.ts';
import { Stations } from './stations.ts';

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

/** What stations ask of the engine. */
export interface StationEvents {
  /** There are more slots than before. */
  slots(station: Station): void;
  /** `station.resume()` is to be called after so long. */
  pause(station: Station, pauseMs: number): void;
  infeasible(flow: Flow): void;
}

export function stationsFrom({ admission }: EngineOptions, events: StationEvents): Stations {
  const adaptive = adaptiveOf(admission);
  const stations = new Stations(adaptive !== undefined, {
    reserved: adaptive?.reserve?.high ?? 0,
    lowShare: adaptive?.minShare?.low ?? 0,
    weights: adaptive?.tenants?.weights ?? {},
  });
  stations.onSlots = (station) => events.slots(station);
  stations.onPause = (station, pauseMs) => events.pause(station, pauseMs);
  stations.onInfeasible = (flow) => events.infeasible(flow);
  return stations;
}

/** What watches over the process; only the adaptive policy has it. */
export function guardFrom({ admission }: EngineOptions, sloMs: number): Guard | undefined {
  const adaptive = adaptiveOf(admission);
  if (adaptive === undefined) return undefined;
  const { heapShare = DEFAULTS.memory.heapShare, rssMb } = adaptive.memory ?? {};
  const rssBytes = rssMb === undefined ? Number.POSITIVE_INFINITY : rssMb * 1024 * 1024;
  return new Guard({ sloMs, heapShare, rssBytes }, systemProbe);
}

function adaptiveOf(admission: EngineOptions['admission']): AdaptiveOptions | undefined {
  return admission === undefined || admission.policy === 'adaptive' ? (admission ?? {}) : undefined;
}
