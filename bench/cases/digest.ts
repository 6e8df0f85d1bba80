import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import type { Case, CaseOptions, Size } from '../case.ts';
import { runScript } from '../child.ts';
import { alternate, type Contender } from '../harness.ts';
import { digestOf } from '../results.ts';
import { compare, type Target } from '../row.ts';
import type { Subject } from '../subject.ts';

const NAME = 'digest';

/** The default corpus takes minutes one call at a time, so a round is enough; less than that for a first look. */
const CORPUS: Record<Size, (folder: string) => Promise<readonly string[]>> = {
  full: async () => [],
  quick: async () => ['node_modules/piscina/docs'],
  tiny: writeSmallCorpus,
};

/** Is the digest of the default corpus worth its threads and its many calls at once? */
export const digest: Case = {
  name: NAME,
  question: 'Wall time of a digest of the default corpus beside one thread and one call at a time?',
  async run(options: CaseOptions) {
    const folder = await mkdtemp(join(tmpdir(), 'spillway-bench-'));
    try {
      const run = digestRunner(options.subject, folder, await CORPUS[options.size](folder));
      options.progress('digest --verify');
      const { verification } = await run(['--verify']);
      const results = await alternate(
        [contend('spillway', [], run), contend('sequential', ['--sequential'], run)],
        {
          ...options,
          rounds: 1,
        },
      );
      const notes = { '--verify': verification };
      return [
        compare({
          case: NAME,
          unit: 's',
          better: 'less',
          target: halfAndEqual(verification),
          results,
          notes,
        }),
      ];
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  },
};

function halfAndEqual(verification: string): Target {
  return {
    label: '< 0.5x and --verify equal',
    met: ({ ratio }) => ratio !== null && ratio < 0.5 && verification === 'equal',
  };
}

interface Digested {
  readonly tookMs: number;
  readonly hash: string;
  readonly verification: string;
}

type DigestRunner = (flags: readonly string[]) => Promise<Digested>;

function digestRunner(subject: Subject, folder: string, paths: readonly string[]): DigestRunner {
  const script = new URL(subject.module('src/cli/main'));
  return async (flags) => {
    const startedAtMs = performance.now();
    await runScript(script, {
      execArgv: subject.execArgv,
      args: ['digest', '--json', '--out', join(folder, 'out'), ...flags, ...paths],
    });
    const tookMs = performance.now() - startedAtMs;
    const { status, data, metadata } = JSON.parse(await readFile(join(folder, 'out', 'result.json'), 'utf8'));
    return {
      tookMs,
      hash: digestOf([status, data]),
      verification: metadata.verification?.status ?? 'not asked for',
    };
  };
}

function contend(name: string, flags: readonly string[], run: DigestRunner): Contender {
  return {
    name,
    async open() {
      return {
        async measure() {
          const { tookMs, hash } = await run(flags);
          return { value: tookMs / 1000, hash };
        },
        close: async () => {},
      };
    },
  };
}

/** A few files, a line of each the same. */
async function writeSmallCorpus(folder: string): Promise<readonly string[]> {
  const paths = ['first', 'second', 'third'].map((name) => join(folder, `${name}.md`));
  for (const path of paths) {
    await writeFile(path, `# ${path}\n\nA queue keeps what cannot be served yet. A full queue sheds.\n`);
  }
  return paths;
}
