import type { SyncPicture, SyncResource, SyncShare } from '../contract/sync.ts';
import type { Party } from './party.ts';
import type { Resource } from './resource.ts';
import type { Rounds } from './rounds.ts';

/** Most resources in a picture. */
const MAX_RESOURCES = 1_000;
/** Most holders, and most waiters, of one. */
const MAX_SHARES = 100;
/** Most of them in a message. */
const MAX_IN_TEXT = 8;

/** Who holds these and who waits for them. */
export function pictureOf(members: Iterable<Resource | Rounds>, nowMs: number): SyncPicture {
  const resources: SyncResource[] = [];
  for (const member of members) {
    if (resources.length === MAX_RESOURCES) break;
    resources.push(resourceOf(member, nowMs));
  }
  return { resources };
}

/** A picture in words, one line a resource. */
export function describePicture({ resources }: SyncPicture): string {
  return resources.slice(0, MAX_IN_TEXT).map(describeResource).join('; ');
}

function resourceOf(member: Resource | Rounds, nowMs: number): SyncResource {
  const { kind, name, size, free, line } = member;
  const holders = member.kind === 'barrier' ? [] : firstOf(member.holders, nowMs);
  return { kind, name, size, free, holders, waiting: line.size, waiters: firstOf(line, nowMs) };
}

interface Share {
  readonly party: Party;
  readonly permits: number;
  readonly sinceMs: number;
}

function firstOf(shares: Iterable<Share>, nowMs: number): SyncShare[] {
  const first: SyncShare[] = [];
  for (const { party, permits, sinceMs } of shares) {
    if (first.length === MAX_SHARES) break;
    first.push({ ...party.info, permits, forMs: Math.max(0, nowMs - sinceMs) });
  }
  return first;
}

function describeResource({ kind, name, size, free, holders, waiting, waiters }: SyncResource): string {
  const title = `${kind} "${name}"`;
  const waits = waiting === 0 ? 'nobody waits' : `waited for by ${labels(waiters, waiting)}`;
  if (kind === 'barrier') return `${title} has ${waiting} of ${size}: ${labels(waiters, waiting)}`;
  if (holders.length === 0) return `${title} is free, ${waits}`;
  const some = kind === 'mutex' ? '' : ` (${size - free} of ${size} permits)`;
  return `${title} is held${some} by ${labels(holders, holders.length)}, ${waits}`;
}

function labels(shares: readonly SyncShare[], total: number): string {
  const named = shares
    .slice(0, MAX_IN_TEXT)
    .map(({ label, forMs }) => `${label} for ${Math.round(forMs)} ms`);
  const more = total - named.length;
  return named.join(' and ') + (more > 0 ? ` and ${more} more` : '');
}
