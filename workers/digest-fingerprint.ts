import { type Fingerprint, fingerprint as fingerprintOf } from '../src/digest/fingerprint.ts';

/** CPU agent of the digest: the MinHash fingerprint of a text. */
export default function fingerprint(text: string): Fingerprint {
  return fingerprintOf(text);
}
