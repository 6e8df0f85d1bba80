import { lineAt, ROOT, type Rule, type SourceFile, withoutComments } from './source-file.ts';

/** Something that no line may have. */
interface LineRule {
  readonly pattern: RegExp;
  /** The files that it is for. */
  readonly files: RegExp;
  /** Files that may, and why. */
  readonly except?: Readonly<Record<string, string>>;
  readonly advice: string;
  /** Looks at comments as well. */
  readonly comments?: true;
}

const CODE = /\.(ts|js|mjs)$/;
const TESTS = /^test\/.*\.ts$/;
const THE_RULES = {
  'test/tidy.test.ts': 'its samples break every rule',
  'test/tidy/line-rules.ts': 'names what it looks for',
};

export const LINE_RULES: Readonly<Record<string, LineRule>> = {
  'export *': {
    pattern: /^\s*export\s*\*/,
    files: CODE,
    except: THE_RULES,
    advice: 'name what is exported',
  },
  'default export': {
    pattern: /^\s*export default\b/,
    files: /^src\//,
    advice: 'give the export a name',
  },
  'time and randomness': {
    pattern: /\b(Date\.now|performance\.(now|timeOrigin)|Math\.random|hrtime|new Date\(\))/,
    files: /^(src|workers)\//,
    except: {
      'src/contract/clock.ts': 'the clock itself',
      'src/cli/main.ts': 'entry point of the command line',
      'src/upstream/main.ts': 'entry point of the bundled upstream',
    },
    advice: 'take a Clock or Random as an argument',
  },
  any: {
    pattern: /:\s*any\b|\bas any\b|<any\b|\bany\[\]/,
    files: CODE,
    except: THE_RULES,
    advice: 'say the type, or unknown',
  },
  'switched-off type check': {
    pattern: /@ts-(ignore|nocheck)/,
    files: CODE,
    except: THE_RULES,
    advice: 'mend the type; in tests, @ts-expect-error',
    comments: true,
  },
  'test left out': {
    pattern: /\b(it|test|describe|suite)\.(only|skip|todo|fails)\b/,
    files: TESTS,
    except: THE_RULES,
    advice: 'run every test, or delete it',
  },
  sleep: {
    pattern: /\b(setTimeout|sleep|delay)\([^)]*\d{2,}/,
    files: TESTS,
    except: THE_RULES,
    advice: 'wait for what happens, not for time to pass',
  },
  mock: {
    pattern: /\bvi\.(mock|doMock|spyOn)\(/,
    files: TESTS,
    except: THE_RULES,
    advice: 'use the real thing; time and randomness come in by argument',
  },
  'machine path': {
    pattern: /(?<![\w.:/~-])(\/(home|root|Users|work)\/[\w.-]|[A-Z]:\\Users\\)/,
    files: /./,
    except: THE_RULES,
    advice: 'say the path relative to the project',
    comments: true,
  },
  'package registry': {
    pattern: /\b(registry\.(npmjs|yarnpkg|npmmirror)\.|npm\.pkg\.github\.|npm\.jsr\.io|\/artifactory\/)/,
    files: /./,
    except: THE_RULES,
    advice: 'leave the registry to npm',
    comments: true,
  },
};

/** Every line of every file that breaks the rule. */
export function breaches(name: string, files: readonly SourceFile[]): string[] {
  const { pattern, files: which, except = {}, advice, comments } = LINE_RULES[name]!;
  return files
    .filter(({ path }) => which.test(path) && !(path in except))
    .flatMap(({ path, text }) =>
      (comments ? text : withoutComments(text))
        .split('\n')
        .flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${name}: ${advice}`] : [])),
    );
}

/** No file names the place that this very checkout, or the registry of this very machine, is at. */
export const nothingOfThisMachine: Rule = (files) => {
  const registry = process.env.npm_config_registry;
  // A checkout at `/src`, say, is no name that could stand in a file by mistake only.
  const places = [
    ...(ROOT.split('/').length > 3 ? [ROOT] : []),
    ...(registry ? [new URL(registry).host] : []),
  ];
  return files.flatMap(({ path, text }) =>
    places
      .filter((place) => text.includes(place))
      .map((place) => `${path}:${lineAt(text, text.indexOf(place))}: names ${place}`),
  );
};
