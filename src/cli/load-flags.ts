import { type Command, InvalidArgumentError, Option } from 'commander';
import { ARRIVAL_KINDS, type ArrivalKind } from '../load/arrivals.ts';
import {
  LOAD_DEFAULTS,
  LOAD_POLICIES,
  type LoadOptions,
  type LoadPolicy,
  type PriorityWeights,
  type Rate,
} from '../load/options.ts';
import { PRIORITY_NAMES } from '../load/priority-names.ts';
import { decimalNumber, duration, durationText, multiple, wholeNumber } from './option-values.ts';

/** What the command line says of a load, once it is parsed. */
export interface LoadFlags {
  readonly target: string;
  readonly arrivals?: ArrivalKind;
  readonly rate?: number;
  readonly load?: number;
  readonly to?: Rate;
  readonly trace?: string;
  readonly speed?: number;
  readonly burstFactor: number;
  readonly burstShare: number;
  readonly burstPeriod: number;
  readonly duration?: number;
  readonly warmup: number;
  readonly interval: number;
  readonly drain: number;
  readonly priorities: PriorityWeights;
  readonly sloP99?: number;
  readonly threads: number;
  readonly policy: LoadPolicy;
  readonly threshold: number;
  readonly queueLimit: number;
  readonly config?: string;
  readonly serviceMs: number;
  readonly sigma: number;
  readonly concurrency: number;
  readonly knee: number;
  readonly contextTokens: number;
  readonly generatedTokens: number;
  readonly seed: number;
  readonly out: string;
  readonly json?: true;
}

/** Gives the command its options. */
export function addLoadOptions(command: Command): Command {
  const d = LOAD_DEFAULTS;
  const positive = decimalNumber(0.001);
  const tokens = wholeNumber(1, 100_000);
  const time = (flags: string, text: string, leastMs: number, defaultMs: number) =>
    new Option(flags, text).argParser(duration(leastMs)).default(defaultMs, durationText(defaultMs));
  return command
    .option('--target <name>', 'cpu, upstream, or a module of your own', d.target)
    .addOption(
      new Option(
        '--arrivals <kind>',
        `how tasks arrive (default: ${d.arrivals}, or trace if there is one)`,
      ).choices(ARRIVAL_KINDS),
    )
    .option('--rate <n>', `arrivals a second (default: ${d.rate.perSecond})`, positive)
    .addOption(
      new Option(
        '--load <multiple>',
        'arrivals as a multiple of the capacity, which is measured first, such as 3x',
      )
        .argParser(multiple)
        .conflicts(['rate', 'speed']),
    )
    .option(
      '--to <rate>',
      'rate that step and ramp go to: a number or a multiple (default: 3 times --rate)',
      rate,
    )
    .option('--trace <file>', 'CSV file of real calls to replay')
    .option('--speed <n>', `how many times faster to replay it (default: ${d.speed})`, positive)
    .option(
      '--burst-factor <n>',
      'bursty: rate in a burst over the mean rate',
      decimalNumber(1),
      d.burst.factor,
    )
    .option('--burst-share <n>', 'bursty: share of the time that bursts take', positive, d.burst.share)
    .addOption(time('--burst-period <time>', 'bursty: how often a burst comes', 1, d.burst.periodMs))
    .option('--duration <time>', 'measured part (default: 30s, or the rest of the trace)', duration(1))
    .addOption(time('--warmup <time>', 'not measured, before it', 0, d.warmupMs))
    .addOption(time('--interval <time>', 'one line of the log', 10, d.intervalMs))
    .addOption(time('--drain <time>', 'how long to wait for what is outstanding at the end', 0, d.drainMs))
    .addOption(
      new Option('--priorities <mix>', 'weights of the priorities')
        .argParser(priorities)
        .default(d.priorities, mixText(d.priorities)),
    )
    .option(
      '--slo-p99 <time>',
      'the objective: 99 % of the tasks end within it (default: none)',
      duration(0.001),
    )
    .option('--threads <n>', 'worker threads', wholeNumber(1, 1_024), d.threads)
    .addOption(new Option('--policy <name>', 'who is let in').choices(LOAD_POLICIES).default(d.policy))
    .option('--threshold <n>', 'fixed: load at which tasks are shed', share, d.threshold)
    .option('--queue-limit <n>', 'most tasks that may wait', wholeNumber(1, 10_000_000), d.queueLimit)
    .option(
      '--config <file>',
      'what spillway tune wrote: threads, queue limit, fixed threshold, objective, limits; flags beside it win',
    )
    .option('--service-ms <n>', 'cpu: mean service time, in milliseconds', positive, d.cpu.serviceMs)
    .option('--sigma <n>', 'cpu: sigma of its lognormal factor', decimalNumber(0), d.cpu.sigma)
    .option(
      '--concurrency <n>',
      'upstream: calls in flight at once',
      wholeNumber(1, 10_000),
      d.upstream.concurrency,
    )
    .option('--knee <n>', 'upstream: concurrent calls served at full speed', positive, d.upstream.knee)
    .option(
      '--context-tokens <n>',
      'upstream: tokens in a prompt, without a trace',
      tokens,
      d.upstream.contextTokens,
    )
    .option(
      '--generated-tokens <n>',
      'upstream: tokens in an answer, without a trace',
      tokens,
      d.upstream.generatedTokens,
    )
    .option('--seed <n>', 'seed of arrivals, tasks and priorities', wholeNumber(0, 4_294_967_295), d.seed)
    .option(
      '--out <dir>',
      'folder for report.html, report.json, load.hlog and a .hgrm file an agent',
      d.outDir,
    )
    .option('--json', 'print the report as JSON');
}

/**
 * The options of the run behind the flags.
 * @param isGiven whether a flag stands on the command line; defaults leave room for a configuration's values
 */
export function loadOptionsOf(
  flags: LoadFlags,
  cwd: string,
  isGiven: (flag: keyof LoadFlags) => boolean,
): LoadOptions {
  const { target, arrivals, rate, load, to, trace, speed, seed, config } = flags;
  const { threads, policy, threshold, queueLimit, concurrency } = flags;
  return {
    ...{ target, cwd, seed },
    ...(config !== undefined && { config }),
    ...(isGiven('threads') && { threads }),
    ...(isGiven('policy') && { policy }),
    ...(isGiven('threshold') && { threshold }),
    ...(isGiven('queueLimit') && { queueLimit }),
    ...(arrivals && { arrivals }),
    ...(rate && { rate: { perSecond: rate } }),
    ...(load && { rate: { timesCapacity: load } }),
    ...(to && { toRate: to }),
    ...(trace !== undefined && { trace }),
    ...(speed && { speed }),
    ...(flags.duration && { durationMs: flags.duration }),
    ...(flags.sloP99 && { sloP99Ms: flags.sloP99 }),
    burst: { factor: flags.burstFactor, share: flags.burstShare, periodMs: flags.burstPeriod },
    warmupMs: flags.warmup,
    intervalMs: flags.interval,
    drainMs: flags.drain,
    priorities: flags.priorities,
    outDir: flags.out,
    cpu: { serviceMs: flags.serviceMs, sigma: flags.sigma },
    upstream: {
      ...(isGiven('concurrency') && { concurrency }),
      knee: flags.knee,
      contextTokens: flags.contextTokens,
      generatedTokens: flags.generatedTokens,
    },
  };
}

function rate(text: string): Rate {
  return text.endsWith('x') ? { timesCapacity: multiple(text) } : { perSecond: decimalNumber(0.001)(text) };
}

function share(text: string): number {
  const value = decimalNumber(0)(text);
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError(`Expected a number above 0, at most 1, got "${text}".`);
}

function priorities(text: string): PriorityWeights {
  const weights = { high: 0, normal: 0, low: 0 };
  for (const part of text.split(',')) {
    const [, name, weight] = /^(high|normal|low)=(\d+(?:\.\d+)?)$/.exec(part) ?? [];
    if (name === undefined) {
      throw new InvalidArgumentError(`Expected weights such as high=10,normal=30,low=60, got "${text}".`);
    }
    weights[name as keyof PriorityWeights] = Number(weight);
  }
  if (PRIORITY_NAMES.some((name) => weights[name] > 0)) return weights;
  throw new InvalidArgumentError(`Expected at least one weight above 0, got "${text}".`);
}

function mixText(weights: PriorityWeights): string {
  return PRIORITY_NAMES.filter((name) => weights[name] > 0)
    .map((name) => `${name}=${weights[name]}`)
    .join(',');
}
