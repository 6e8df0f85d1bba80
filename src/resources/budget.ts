import type { EngineEvents } from '../contract/events.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { BudgetOptions } from '../contract/resources.ts';
import type { BudgetStats } from '../contract/stats.ts';
import type { Amounts } from './amounts.ts';

type Unit = 'usd' | 'tokens';

/** What is lost where sums of fractions should be whole. */
const ROUNDING = 1e-9;

/** Whom one account of a budget is for. */
export interface Spending {
  readonly tenant: string | undefined;
  readonly workflow: string | undefined;
  /** Days since the epoch; 0 for a budget that is not by day. */
  readonly day: number;
}

/** Why a budget has no room. */
export interface BudgetRefusal {
  /** Spent over the limit. */
  readonly load: number;
  /** Whether calls in flight may turn out to need less than is reserved for them. */
  readonly maySoon: boolean;
  readonly why: string;
}

/** One unit of an account. */
class Gauge {
  readonly unit: Unit;
  readonly limit: number;
  spent = 0;
  reserved = 0;
  /** How much of it was told. */
  told: 'nothing' | 'warned' | 'exhausted' = 'nothing';

  constructor(unit: Unit, limit: number) {
    this.unit = unit;
    this.limit = limit;
  }

  hasRoomFor(need: number): boolean {
    const taken = this.spent + this.reserved;
    return taken < this.limit && taken + need <= this.limit + ROUNDING;
  }

  release(need: number): void {
    const left = this.reserved - need;
    this.reserved = left > 0 ? left : 0;
  }

  /** Counts what was spent, negative if less was than had been counted; gives how much of the limit it is now. */
  charge(change: number): number {
    const spent = this.spent + change;
    this.spent = spent > 0 ? spent : 0;
    return this.spent / this.limit;
  }
}

/** What was spent of a budget by those whom one account is for, and what is reserved for calls that may spend it. */
export class BudgetAccount {
  private readonly name: string;
  readonly options: BudgetOptions;
  readonly whose: Spending;
  private readonly usd: Gauge;
  private readonly tokens: Gauge;
  private readonly tell: (event: EngineEvents['budget']) => void;

  constructor(
    name: string,
    options: BudgetOptions,
    whose: Spending,
    tell: (event: EngineEvents['budget']) => void,
  ) {
    const { usd = Number.POSITIVE_INFINITY, tokens = Number.POSITIVE_INFINITY } = options;
    this.name = name;
    this.options = options;
    this.whose = whose;
    this.usd = new Gauge('usd', usd);
    this.tokens = new Gauge('tokens', tokens);
    this.tell = tell;
  }

  /** Why there is no room for so much beside what is spent and reserved, if there is none. */
  refuses(need: Amounts): BudgetRefusal | undefined {
    if (!this.usd.hasRoomFor(need.costUsd)) return this.refusal(this.usd);
    return this.tokens.hasRoomFor(need.tokens) ? undefined : this.refusal(this.tokens);
  }

  reserve(need: Amounts): void {
    this.usd.reserved += need.costUsd;
    this.tokens.reserved += need.tokens;
  }

  release(need: Amounts): void {
    this.usd.release(need.costUsd);
    this.tokens.release(need.tokens);
  }

  /** Counts what a task has spent, in place of what was counted for it before. */
  charge(spent: Amounts, before: Amounts): void {
    this.chargeOf(this.usd, spent.costUsd - before.costUsd);
    this.chargeOf(this.tokens, spent.tokens - before.tokens);
  }

  stats(): BudgetStats {
    const { tenant, workflow } = this.whose;
    return {
      name: this.name,
      tenant,
      workflow,
      per: this.options.per ?? DEFAULTS.budget.per,
      usd: figuresOf(this.usd),
      tokens: figuresOf(this.tokens),
    };
  }

  private refusal(gauge: Gauge): BudgetRefusal {
    const { spent, reserved, limit } = gauge;
    const load = limit === 0 ? 1 : spent / limit;
    this.raise(gauge, 'exhausted');
    return { load, maySoon: load < 1 && reserved > ROUNDING, why: `${this.label}: ${spoken(gauge)}` };
  }

  private chargeOf(gauge: Gauge, change: number): void {
    if (change === 0) return;
    const share = gauge.charge(change);
    if (share >= 1 - ROUNDING) this.raise(gauge, 'exhausted');
    else if (share >= DEFAULTS.budget.warnAt - ROUNDING) this.raise(gauge, 'warned');
  }

  /** Tells once of each step. */
  private raise(gauge: Gauge, to: 'warned' | 'exhausted'): void {
    const { told, unit, spent, limit } = gauge;
    if (told === to || told === 'exhausted') return;
    gauge.told = to;
    const { tenant, workflow } = this.whose;
    this.tell({ budget: this.name, tenant, workflow, level: to, unit, spent, limit });
  }

  private get label(): string {
    const { tenant, workflow } = this.whose;
    const whose = [tenant && `tenant "${tenant}"`, workflow && `workflow "${workflow}"`].filter(Boolean);
    return `budget "${this.name}"${whose.length > 0 ? ` of ${whose.join(' and ')}` : ''}`;
  }
}

function figuresOf({ spent, reserved, limit }: Gauge): BudgetStats['usd'] {
  return { spent, reserved, limit };
}

function spoken({ unit, spent, reserved, limit }: Gauge): string {
  const beside = reserved > ROUNDING ? ` (and ${round(reserved)} reserved)` : '';
  return `${round(spent)}${beside} of ${round(limit)} ${unit === 'usd' ? 'USD' : 'tokens'} spent`;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
