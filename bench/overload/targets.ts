import type { ContenderFigures, LoadFigures } from './figures.ts';
import type { LaneReport } from './overload-report.ts';

/** What Spillway has to reach. */
export interface TargetLine {
  readonly lane: string;
  readonly target: string;
  readonly measured: string;
  /** `invalid`: the generator or the machine disturbed what it is judged by. */
  readonly verdict: 'pass' | 'MISS' | 'invalid';
}

const GOODPUT = 0.95;
const HIGH_GOOD = 0.98;
const RECOVERY_MS = 3_000;

export const isOverload = ({ load }: LoadFigures): boolean => load >= 2;

/** Whether neither the generator nor the machine spoiled what a contender did under overload. */
function isValid({ loads, steady, gaveUp }: ContenderFigures): boolean {
  return steady && !gaveUp && loads.filter(isOverload).every(({ valid }) => valid);
}

/** The first contender of a lane is the one that is judged. */
export function targetsOf({ lane, sloMs, contenders }: LaneReport): readonly TargetLine[] {
  const [own, ...peers] = contenders as readonly [ContenderFigures, ...ContenderFigures[]];
  const loads = own.loads.filter(isOverload);
  const line = (target: string, measured: string, met: boolean, judged = [own]): TargetLine => {
    const verdict = !judged.every(isValid) ? 'invalid' : met ? 'pass' : 'MISS';
    return { lane, target, measured, verdict };
  };
  const goodput = Math.min(...loads.map((load) => load.goodput));
  const p99Ms = Math.max(...loads.map((load) => load.p99Ms ?? Number.POSITIVE_INFINITY));
  const high = Math.min(...loads.filter(({ load }) => load <= 5).map((load) => load.highGoodShare));
  const { lead, peer, load } = narrowestLead(own, peers);
  return [
    line(`goodput at 2 to 10x >= ${GOODPUT}`, goodput.toFixed(3), goodput >= GOODPUT),
    line(`p99 at 2 to 10x <= ${sloMs} ms`, `${p99Ms.toFixed(0)} ms`, p99Ms <= sloMs),
    line(`high priority good at 2 to 5x >= ${HIGH_GOOD}`, high.toFixed(3), high >= HIGH_GOOD),
    line(
      `recovery <= ${RECOVERY_MS / 1_000} s`,
      own.recoveryMs === null ? 'none' : `${own.recoveryMs / 1_000} s`,
      own.recoveryMs !== null && own.recoveryMs <= RECOVERY_MS,
    ),
    line(
      `back after the storm of retries <= ${RECOVERY_MS / 1_000} s`,
      own.storm.healthyAfterMs === null ? 'none' : `${own.storm.healthyAfterMs / 1_000} s`,
      own.storm.healthyAfterMs !== null && own.storm.healthyAfterMs <= RECOVERY_MS,
    ),
    line(
      'more goodput at 2 to 10x than every peer',
      `${lead >= 0 ? '+' : ''}${lead.toFixed(3)} against ${peer} at ${load}x`,
      lead > 0,
      [own, ...peers],
    ),
  ];
}

/** Where a peer comes closest, or is ahead. */
function narrowestLead(own: ContenderFigures, peers: readonly ContenderFigures[]) {
  let narrowest = { lead: Number.POSITIVE_INFINITY, peer: 'nobody', load: 0 };
  for (const peer of peers) {
    for (const [index, { load, goodput }] of peer.loads.entries()) {
      if (!isOverload(peer.loads[index]!)) continue;
      const lead = own.loads[index]!.goodput - goodput;
      if (lead < narrowest.lead) narrowest = { lead, peer: peer.name, load };
    }
  }
  return narrowest;
}
