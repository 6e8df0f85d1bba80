import type { Party } from './party.ts';
import type { Resource } from './resource.ts';
import type { Wait } from './wait.ts';

/**
 * The waits that can never be granted if `start` cannot go on: none if it can.
 *
 * Two steps. The wait-for graph (from who waits to all who hold what is waited for) is searched for a way back to
 * `start`; without one there is no deadlock, and that is the end of it nearly always. If there is one, what was seen on
 * the way is reduced. The second step is needed because of semaphores, where one of several holders may be enough. A
 * barrier is never the reason: who is still to come to it is not known.
 */
export function deadlockOf(start: Party): Wait[] {
  const stuck = reachable(start);
  if (stuck === undefined) return [];
  const granted = reduce(stuck, true);
  if (!stuck.has(start)) return [];
  return [...stuck].flatMap(({ waits }) =>
    waits.filter((wait) => wait.on.kind !== 'barrier' && !granted.has(wait)),
  );
}

/**
 * Takes out of `stuck` whoever can go on, if all others do what they can: whoever waits for nothing gives back all that
 * it holds, which lets others go on. What is left can never go on. (Reduction of the resource graph, after R. C. Holt,
 * Some Deadlock Properties of Computer Systems, 1972.)
 * @param barriersFill whether rounds of barriers are taken to become complete
 * @returns what is granted on the way
 */
export function reduce(stuck: Set<Party>, barriersFill: boolean): ReadonlySet<Wait> {
  for (;;) {
    const granted = new Set<Wait>();
    const seen = new Set<Resource>();
    for (const { waits } of stuck) {
      for (const { on } of waits) {
        if (on.kind === 'barrier' || seen.has(on)) continue;
        seen.add(on);
        serve(on, stuck, granted);
      }
    }
    const before = stuck.size;
    for (const party of stuck) {
      const goesOn = party.waits.every((wait) =>
        wait.on.kind === 'barrier' ? barriersFill : granted.has(wait),
      );
      if (goesOn) stuck.delete(party);
    }
    if (stuck.size === before) return granted;
  }
}

/** Who of the line gets something, once all who are not stuck have given back what they hold. */
function serve(resource: Resource, stuck: ReadonlySet<Party>, granted: Set<Wait>): void {
  let permits = resource.free;
  for (const hold of resource.holders) if (!stuck.has(hold.party)) permits += hold.permits;
  for (const wait of resource.line) {
    if (wait.permits > permits) return;
    granted.add(wait);
    // It gives nothing back, for it waits for something else as well.
    if (stuck.has(wait.party) && wait.party.waits.length > 1) permits -= wait.permits;
  }
}

/** All parties that `start` waits for, directly or not; `undefined` if it is not among them. */
function reachable(start: Party): Set<Party> | undefined {
  const seen = new Set<Party>();
  const looked = new Set<Resource>();
  const open = [start];
  for (let party = open.pop(); party !== undefined; party = open.pop()) {
    for (const { on } of party.waits) {
      if (on.kind === 'barrier' || looked.has(on)) continue;
      looked.add(on);
      for (const { party: holder } of on.holders) {
        if (seen.has(holder)) continue;
        seen.add(holder);
        open.push(holder);
      }
    }
  }
  return seen.has(start) ? seen : undefined;
}
