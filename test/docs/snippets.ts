import { lineAt, type SourceFile } from '../tidy/source-file.ts';

/** A fenced piece of code in a document. */
export interface Snippet {
  readonly document: string;
  /** Line of its first line of code, from 1. */
  readonly line: number;
  /** First word of the info string, in lower case. */
  readonly language: string;
  /** The other words of the info string, such as `no-run`. */
  readonly marks: readonly string[];
  readonly text: string;
}

const FENCE = /^( *)(`{3,}|~{3,})[ \t]*(\S*)([^\n]*)\n([\s\S]*?)^ *\2[ \t]*$/gm;

/** All fences of a Markdown document. */
export function snippetsOf({ path, text }: SourceFile): Snippet[] {
  return [...text.matchAll(FENCE)].map((fence) => {
    const [, indent = '', , language = '', marks = '', code = ''] = fence;
    return {
      document: path,
      line: lineAt(text, fence.index) + 1,
      language: language.toLowerCase(),
      marks: marks.split(/\s+/).filter(Boolean),
      text: code.replaceAll(new RegExp(`^ {0,${indent.length}}`, 'gm'), ''),
    };
  });
}

/** Command lines in the text itself, such as `npm start -- logs`, each as a shell snippet of its own. */
export function inlineCommandsOf({ path, text }: SourceFile): Snippet[] {
  const prose = text.replaceAll(FENCE, (fence) => fence.replace(/[^\n]/g, ''));
  return [...prose.matchAll(/`((?:npm|npx|spillway) [^`\n]+)`/g)].map(({ 1: command = '', index }) => ({
    document: path,
    line: lineAt(prose, index),
    language: 'sh',
    marks: [],
    text: command,
  }));
}

const EXTENSIONS: Readonly<Record<string, string>> = {
  ts: 'ts',
  typescript: 'ts',
  js: 'js',
  javascript: 'js',
  mjs: 'mjs',
};

/** A snippet that is a module, and where it goes: all modules of a document lie in one folder. */
export interface SnippetModule {
  readonly snippet: Snippet;
  /** A first line such as `// handler.ts` names the file; other snippets are named by their line. */
  readonly fileName: string;
  readonly language: 'ts' | 'js';
  readonly runs: boolean;
}

/** The module in a snippet; `undefined` if it is none. */
export function moduleIn(snippet: Snippet): SnippetModule | undefined {
  const extension = EXTENSIONS[snippet.language];
  if (extension === undefined) return undefined;
  const named = /^\/\/ ([\w.-]+\.(?:ts|js|mjs))$/m.exec(snippet.text.split('\n', 1)[0]!)?.[1];
  return {
    snippet,
    fileName: named ?? `line-${snippet.line}.${extension}`,
    language: extension === 'ts' ? 'ts' : 'js',
    runs: !snippet.marks.includes('no-run'),
  };
}
