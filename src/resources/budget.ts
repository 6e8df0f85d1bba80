import type { EngineEvents } from '../contract/events.ts';
import { DEFAULTS } from '../contract/options.ts';
import type { BudgetOptions } from '../contract/resources.ts';
import type { BudgetStats } from '../contract/stats.ts';
import type { Amounts } from './amounts.ts';

const UNITS = ['usd', 'tokens'] as const;
type Unit = (typeof UNITS)[number];
export type ByUnit = Record<Unit, number>;

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

/** What was spent of a budget by those whom one account is for, and what is reserved for calls that may spend it. */
export class BudgetAccount {
  private readonly name: string;
  private readonly options: BudgetOptions;
  readonly whose: Spending;
  private readonly limits: ByUnit;
  private readonly spent: ByUnit = { usd: 0, tokens: 0 };
  private readonly reserved: ByUnit = { usd: 0, tokens: 0 };
  /** How much of it was told. */
  private readonly told: Record<Unit, 'nothing' | 'warned' | 'exhausted'> = {
    usd: 'nothing',
    tokens: 'nothing',
  };
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
    this.limits = { usd, tokens };
    this.tell = tell;
  }

  /** Why there is no room for so much beside what is spent and reserved, if there is none. */
  refuses(need: Amounts): BudgetRefusal | undefined {
    for (const unit of UNITS) {
      const limit = this.limits[unit];
      const taken = this.spent[unit] + this.reserved[unit];
      if (taken < limit && taken + needed(need, unit) <= limit + ROUNDING) continue;
      const load = limit === 0 ? 1 : this.spent[unit] / limit;
      this.raise(unit, 'exhausted');
      const maySoon = load < 1 && this.reserved[unit] > ROUNDING;
      return { load, maySoon, why: `${this.label}: ${this.spoken(unit)}` };
    }
    return undefined;
  }

  reserve(need: Amounts): void {
    for (const unit of UNITS) this.reserved[unit] += needed(need, unit);
  }

  release(need: Amounts): void {
    for (const unit of UNITS) this.reserved[unit] = Math.max(0, this.reserved[unit] - needed(need, unit));
  }

  /** Counts what was spent; negative if less was than had been counted. */
  charge(change: ByUnit): void {
    for (const unit of UNITS) {
      if (change[unit] === 0) continue;
      this.spent[unit] = Math.max(0, this.spent[unit] + change[unit]);
      const share = this.spent[unit] / this.limits[unit];
      if (share >= 1 - ROUNDING) this.raise(unit, 'exhausted');
      else if (share >= DEFAULTS.budget.warnAt - ROUNDING) this.raise(unit, 'warned');
    }
  }

  stats(): BudgetStats {
    const { tenant, workflow } = this.whose;
    return {
      name: this.name,
      tenant,
      workflow,
      per: this.options.per ?? DEFAULTS.budget.per,
      usd: this.of('usd'),
      tokens: this.of('tokens'),
    };
  }

  /** Tells once of each step. */
  private raise(unit: Unit, to: 'warned' | 'exhausted'): void {
    const told = this.told[unit];
    if (told === to || told === 'exhausted') return;
    this.told[unit] = to;
    const { tenant, workflow } = this.whose;
    const { spent, limit } = this.of(unit);
    this.tell({ budget: this.name, tenant, workflow, level: to, unit, spent, limit });
  }

  private of(unit: Unit) {
    return { spent: this.spent[unit], reserved: this.reserved[unit], limit: this.limits[unit] };
  }

  private get label(): string {
    const { tenant, workflow } = this.whose;
    const whose = [tenant && `tenant "${tenant}"`, workflow && `workflow "${workflow}"`].filter(Boolean);
    return `budget "${this.name}"${whose.length > 0 ? ` of ${whose.join(' and ')}` : ''}`;
  }

  private spoken(unit: Unit): string {
    const { spent, reserved, limit } = this.of(unit);
    const beside = reserved > ROUNDING ? ` (and ${round(reserved)} reserved)` : '';
    return `${round(spent)}${beside} of ${round(limit)} ${unit === 'usd' ? 'USD' : 'tokens'} spent`;
  }
}

function needed(amounts: Amounts, unit: Unit): number {
  return unit === 'usd' ? amounts.costUsd : amounts.tokens;
}

function round(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
