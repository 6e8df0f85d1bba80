import { countTerms, type TermCounts } from '../src/digest/terms.ts';

/** CPU agent of the digest: the terms of a text. */
export default function terms(text: string): TermCounts {
  return countTerms(text);
}
