/** Tenants that are told apart; those beyond share one place. */
const MAX_TENANTS = 10_000;
/** What is shared out, of the capacity: the rest keeps the queue short, so that nobody polite meets a full one. */
const SHARED_OUT = 0.95;
/** Who asks for no more than so many times its share is not limited: demands are measured, and vary. */
const TOLERANCE = 1.2;
/** What those that ask for more get of the capacity, at least. */
const LEAST = 0.02;
/** How much of its share a tenant may save up for a burst, in milliseconds of it. */
const BURST_MS = 1_000;
/** How often shares are computed anew, in milliseconds. */
const TICK_MS = 100;
/** Demands are averaged over this long at least, in milliseconds: over less, chance looks like greed. */
const AVERAGE_MS = 3_000;
/** A demand below this share of the slots is forgotten. */
const FORGOTTEN = 1e-6;
const OTHERS = '';

/** What is known of a tenant. */
export interface Tenant {
  readonly weight: number;
  /** Work offered since the last tick, in milliseconds of slots. */
  offeredMs: number;
  /** Share of the slots that it asks for. */
  demand: number;
  /** What it may have, if it asks for more; `Infinity` if not. */
  share: number;
  /** Work that it may still bring in, in milliseconds of slots. */
  creditMs: number;
}

/** Whether a task is within the tenant's share. Once it is let in, it takes `creditMs`. */
export function isFair(tenant: Tenant, workMs: number): boolean {
  return tenant.share === Number.POSITIVE_INFINITY || tenant.creditMs >= workMs;
}

/**
 * Weighted max-min fair shares of one class's capacity. A tenant that asks for less than its share gets all it asks for;
 * what those leave is divided among the others by weight. Who asks for more than that has a token bucket that fills at
 * the rate of its share. While all demands together fit, nobody is limited.
 *
 * Source: water-filling, as in Bertsekas and Gallager, "Data Networks", 6.5.2.
 */
export class TenantShares {
  private readonly tenants = new Map<string, Tenant>();
  private readonly weights: Readonly<Record<string, number>>;
  private tickAtMs = Number.NEGATIVE_INFINITY;

  constructor(weights: Readonly<Record<string, number>>) {
    this.weights = weights;
  }

  get size(): number {
    return this.tenants.size;
  }

  /** Counts a task that a tenant offers, and gives the tenant: looking it up costs most of a decision's share of this. */
  offer(name: string | undefined, workMs: number): Tenant {
    const tenant = this.tenant(name ?? OTHERS);
    tenant.offeredMs += workMs;
    return tenant;
  }

  /**
   * Computes the shares, if it is time.
   * @param capacity share of the slots that higher classes leave, 0 to 1
   * @param tauMs over how long demands are averaged
   */
  tick(nowMs: number, slots: number, capacity: number, tauMs: number): void {
    if (nowMs < this.tickAtMs) return;
    const elapsedMs = Number.isFinite(this.tickAtMs) ? nowMs - this.tickAtMs + TICK_MS : TICK_MS;
    this.tickAtMs = nowMs + TICK_MS;
    const weight = 1 - Math.exp(-elapsedMs / Math.max(AVERAGE_MS, tauMs));
    let total = 0;
    for (const [name, tenant] of this.tenants) {
      tenant.demand += weight * (tenant.offeredMs / (elapsedMs * slots) - tenant.demand);
      tenant.offeredMs = 0;
      if (tenant.demand < FORGOTTEN) this.tenants.delete(name);
      else total += tenant.demand;
    }
    const isContended = total > capacity && this.tenants.size > 1;
    const unit = isContended ? this.fill(capacity) : Number.POSITIVE_INFINITY;
    // Those that ask for about their share get it; what they leave, less a reserve, is for those that ask for more.
    const rest = isContended ? this.rest(SHARED_OUT * capacity, unit) : unit;
    for (const tenant of this.tenants.values()) {
      const isGreedy = tenant.demand > TOLERANCE * unit * tenant.weight;
      tenant.share = isGreedy ? rest * tenant.weight : Number.POSITIVE_INFINITY;
      if (!isGreedy) continue;
      const fillMs = tenant.share * slots * elapsedMs;
      const mostMs = tenant.share * slots * BURST_MS;
      tenant.creditMs = Math.min(mostMs, Math.max(tenant.creditMs, -fillMs) + fillMs);
    }
  }

  /** What each unit of weight gets, so that all demands, cut at their shares, add up to `capacity`. */
  private fill(capacity: number): number {
    let unit = 0;
    // Each round settles at least one tenant that asks for less; a few rounds come close enough.
    for (let round = 0; round < 8; round++) {
      const next = this.rest(capacity, unit / TOLERANCE);
      if (next <= unit * 1.001) break;
      unit = next;
    }
    return unit;
  }

  /** What is left for each unit of weight of those that ask for more than `unit`, once the others have what they ask for. */
  private rest(capacity: number, unit: number): number {
    let left = capacity;
    let weights = 0;
    for (const { weight, demand } of this.tenants.values()) {
      if (demand <= TOLERANCE * unit * weight) left -= demand;
      else weights += weight;
    }
    return weights === 0 ? unit : Math.max(left, LEAST * capacity) / weights;
  }

  private tenant(name: string): Tenant {
    let tenant = this.tenants.get(name);
    if (tenant === undefined) {
      if (this.tenants.size >= MAX_TENANTS && name !== OTHERS) return this.tenant(OTHERS);
      const weight = Object.hasOwn(this.weights, name) ? this.weights[name]! : 1;
      tenant = { weight, offeredMs: 0, demand: 0, share: Number.POSITIVE_INFINITY, creditMs: 0 };
      this.tenants.set(name, tenant);
    }
    return tenant;
  }
}
