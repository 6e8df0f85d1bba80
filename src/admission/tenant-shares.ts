/** Tenants that are told apart; those beyond share one place. */
const MAX_TENANTS = 10_000;
/** What is shared out, of the capacity: the rest keeps the queue short, so that nobody polite meets a full one. */
const SHARED_OUT = 0.95;
/** How much of its share a tenant may save up for a burst, in milliseconds of it. */
const BURST_MS = 1_000;
/** How often shares are computed anew, in milliseconds. */
const TICK_MS = 100;
/** A demand below this share of the slots is forgotten. */
const FORGOTTEN = 1e-6;
const OTHERS = '';

interface Tenant {
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

  /** Counts a task that the tenant offers; whether it is within the tenant's share. */
  offer(name: string | undefined, workMs: number): boolean {
    const tenant = this.tenant(name ?? OTHERS);
    tenant.offeredMs += workMs;
    return tenant.share === Number.POSITIVE_INFINITY || tenant.creditMs >= workMs;
  }

  /** Whether a task of this tenant would be within its share now. */
  hasRoom(name: string | undefined): boolean {
    const tenant = this.tenants.get(name ?? OTHERS);
    return tenant === undefined || tenant.share === Number.POSITIVE_INFINITY || tenant.creditMs > 0;
  }

  /** A task was let in. */
  take(name: string | undefined, workMs: number): void {
    this.tenant(name ?? OTHERS).creditMs -= workMs;
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
    const weight = 1 - Math.exp(-elapsedMs / tauMs);
    let total = 0;
    for (const [name, tenant] of this.tenants) {
      tenant.demand += weight * (tenant.offeredMs / (elapsedMs * slots) - tenant.demand);
      tenant.offeredMs = 0;
      if (tenant.demand < FORGOTTEN) this.tenants.delete(name);
      else total += tenant.demand;
    }
    const unit =
      total <= capacity || this.tenants.size < 2
        ? Number.POSITIVE_INFINITY
        : this.fill(SHARED_OUT * capacity);
    for (const tenant of this.tenants.values()) {
      const share = unit * tenant.weight;
      tenant.share = tenant.demand > share ? share : Number.POSITIVE_INFINITY;
      if (tenant.share === Number.POSITIVE_INFINITY) continue;
      const fillMs = share * slots * elapsedMs;
      tenant.creditMs = Math.min(share * slots * BURST_MS, Math.max(tenant.creditMs, -fillMs) + fillMs);
    }
  }

  /** What each unit of weight gets, so that all demands, cut at their shares, add up to `capacity`. */
  private fill(capacity: number): number {
    let left = capacity;
    let weights = 0;
    for (const { weight } of this.tenants.values()) weights += weight;
    let unit = left / weights;
    // Each round settles at least one tenant that asks for less; a few rounds come close enough.
    for (let round = 0; round < 8; round++) {
      left = capacity;
      weights = 0;
      for (const { weight, demand } of this.tenants.values()) {
        if (demand <= unit * weight) left -= demand;
        else weights += weight;
      }
      if (weights === 0) break;
      const next = left / weights;
      if (next <= unit * 1.001) break;
      unit = next;
    }
    return unit;
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
